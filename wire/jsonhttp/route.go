// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// anyMethod is the HTTP method of a rule for all of them.
const anyMethod = "*"

// wholeBody is the body selector for the whole request.
const wholeBody = "*"

// route is a rule that fits the method that it is for. It is immutable.
type route struct {
	rule
	service, name string // of the method
	template      *template
	bound         map[string]bool // fields of the request, by path, that parameters cannot set
	rawRequest    bool            // the body need not be JSON
	broken        error           // why all its requests fail
}

func (r *route) String() string {
	return fmt.Sprintf("%s %s of %s/%s", r.method, r.path, r.service, r.name)
}

// newTree returns the tree of the routes of services. The errors are all that is
// wrong with them.
func newTree(services []*curlew.Service) (*node, error) {
	root := new(node)
	var errs []error
	for _, s := range services {
		descriptor := descriptorOf(s)
		if descriptor == nil {
			continue
		}
		for _, m := range s.Methods() {
			if d := descriptor.Methods().ByName(protoreflect.Name(m.Name())); d != nil {
				errs = append(errs, root.addMethod(m, d))
			}
		}
	}
	return root, errors.Join(errs...)
}

// descriptorOf returns the descriptor of a service that is made of a .proto
// file: one that its messages' files declare, or else one that is linked into
// the binary. It is nil for a service that plain Go types make up.
func descriptorOf(s *curlew.Service) protoreflect.ServiceDescriptor {
	name := protoreflect.FullName(s.Name())
	if !name.IsValid() {
		return nil
	}
	for _, m := range s.Methods() {
		for _, message := range []any{m.NewRequest(), m.NewReply()} {
			p, ok := schema.Message(message)
			if !ok {
				continue
			}
			d := p.ProtoReflect().Descriptor().ParentFile().Services().ByName(name.Name())
			if d != nil && d.FullName() == name {
				return d
			}
		}
	}
	d, _ := protoregistry.GlobalFiles.FindDescriptorByName(name)
	service, _ := d.(protoreflect.ServiceDescriptor)
	return service
}

// addMethod adds the routes of a method.
func (n *node) addMethod(m *curlew.Method, d protoreflect.MethodDescriptor) error {
	request, isMessage := messageOf(m.NewRequest(), d.Input())
	reply, areMessages := messageOf(m.NewReply(), d.Output())
	if !isMessage || !areMessages {
		return nil // a plain Go service that happens to have the name
	}
	rules, err := rulesOf(d)
	if err != nil {
		return fmt.Errorf("%s: %w", m.FullName(), err)
	}
	var errs []error
	for _, rule := range rules {
		r := &route{rule: rule, service: m.Service(), name: m.Name()}
		if r.template, err = parseTemplate(rule.path); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r, err))
			continue
		}
		if r.broken = r.check(request, reply); r.broken != nil {
			errs = append(errs, r.broken)
		}
		errs = append(errs, n.add(r))
	}
	return errors.Join(errs...)
}

// messageOf returns the descriptor of a message, or of one whose type is not
// known.
func messageOf(v any, unknown protoreflect.MessageDescriptor) (d protoreflect.MessageDescriptor, ok bool) {
	if v == nil {
		return unknown, true
	}
	m, ok := schema.Message(v)
	if !ok {
		return nil, false
	}
	return m.ProtoReflect().Descriptor(), true
}

// check finds what a rule names and the messages do not have.
func (r *route) check(request, reply protoreflect.MessageDescriptor) error {
	r.bound = make(map[string]bool)
	for _, v := range r.template.variables {
		fields, err := resolve(request, v.field)
		if err == nil {
			err = scalar(fields[len(fields)-1])
		}
		if err != nil {
			return fmt.Errorf("%s: variable {%s}: %w", r, v.field, err)
		}
		r.bound[pathOf(fields)] = true
	}
	switch r.body {
	case "":
	case wholeBody:
		r.rawRequest = isRaw(request)
	default:
		f, err := field(request, r.body)
		if err != nil {
			return fmt.Errorf("%s: body: %w", r, err)
		}
		r.bound[string(f.Name())] = true
		r.rawRequest = isMessage(f) && isRaw(f.Message())
	}
	if r.responseBody != "" {
		if _, err := field(reply, r.responseBody); err != nil {
			return fmt.Errorf("%s: response_body: %w", r, err)
		}
	}
	return nil
}
