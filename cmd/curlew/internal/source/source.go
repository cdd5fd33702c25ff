// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
)

// Source is what is known. It does not change and is safe for concurrent use.
type Source struct {
	// Files are the files that declare the services, and all that they import as
	// far as it is known. What is not is a placeholder.
	Files *protoregistry.Files
	// Services are those to be worked on, by name.
	Services []protoreflect.ServiceDescriptor
	// Undescribed are services that a server has and does not describe.
	Undescribed []string

	origin string // "on the server" or "in cart.proto", for errors
}

// newSource makes the files of a set known.
func newSource(origin string, set *descriptorpb.FileDescriptorSet) (*Source, error) {
	files, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("the descriptors %s do not fit together: %w", origin, err)
	}
	return &Source{Files: files, origin: origin}, nil
}

// add takes services of a file among those to be worked on.
func (s *Source) add(file protoreflect.FileDescriptor) {
	for i := range file.Services().Len() {
		s.Services = append(s.Services, file.Services().Get(i))
	}
}

func (s *Source) sort() {
	slices.SortFunc(s.Services, func(a, b protoreflect.ServiceDescriptor) int { return cmp.Compare(a.FullName(), b.FullName()) })
}

// Types returns the types of all messages, enums and extensions, for JSON with
// google.protobuf.Any in it.
func (s *Source) Types() *dynamicpb.Types { return dynamicpb.NewTypes(s.Files) }

// Method returns the method "pkg.Service/Method" or "pkg.Service.Method". The
// error says which there are with nearly that name.
func (s *Source) Method(name string) (protoreflect.MethodDescriptor, error) {
	service, method := curlew.SplitName(name)
	if sd := s.service(service); sd != nil {
		if m := sd.Methods().ByName(protoreflect.Name(method)); m != nil {
			return m, nil
		}
		return nil, s.noMethod(sd, name, method)
	}
	return nil, fmt.Errorf("no method %q %s%s", name, s.origin, s.instead(strings.Replace(name, service+".", service+"/", 1), s.MethodNames(), "service", s.ServiceNames()))
}

// Service returns the service of a full name. The error says which there are
// with nearly that name.
func (s *Source) Service(name string) (protoreflect.ServiceDescriptor, error) {
	if sd := s.service(name); sd != nil {
		return sd, nil
	}
	return nil, fmt.Errorf("no service %q %s%s", name, s.origin, s.instead(name, s.ServiceNames(), "service", s.ServiceNames()))
}

func (s *Source) service(name string) protoreflect.ServiceDescriptor {
	for _, sd := range s.Services {
		if string(sd.FullName()) == name {
			return sd
		}
	}
	return nil
}

// Find returns what has a full name: a service, a method (with a slash or a dot
// before it), a message, an enum, an extension, a field or an enum's value. The
// error says what there is with nearly that name.
func (s *Source) Find(name string) (protoreflect.Descriptor, error) {
	if m, err := s.Method(name); err == nil {
		return m, nil
	}
	d, err := s.Files.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(name, "/", ".")))
	if err == nil {
		return d, nil
	}
	return nil, fmt.Errorf("no %q %s%s", name, s.origin, s.instead(name, s.Symbols(), "service", s.ServiceNames()))
}

// ServiceNames returns the full names of the services.
func (s *Source) ServiceNames() []string {
	var names []string
	for _, sd := range s.Services {
		names = append(names, string(sd.FullName()))
	}
	return names
}

// MethodNames returns the names of the services' methods, as "pkg.Service/Method".
func (s *Source) MethodNames() []string {
	var names []string
	for _, sd := range s.Services {
		for i := range sd.Methods().Len() {
			names = append(names, MethodName(sd.Methods().Get(i)))
		}
	}
	return names
}

// Symbols returns the names of services, methods, messages and enums.
func (s *Source) Symbols() []string {
	names := append(s.ServiceNames(), s.MethodNames()...)
	s.Files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		names = appendTypes(names, file)
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// appendTypes appends the names of messages and enums, nested ones too.
func appendTypes(names []string, in interface {
	Messages() protoreflect.MessageDescriptors
	Enums() protoreflect.EnumDescriptors
}) []string {
	for i := range in.Enums().Len() {
		names = append(names, string(in.Enums().Get(i).FullName()))
	}
	for i := range in.Messages().Len() {
		if m := in.Messages().Get(i); !m.IsMapEntry() {
			names = appendTypes(append(names, string(m.FullName())), m)
		}
	}
	return names
}

// MethodName returns a method's canonical name, "pkg.Service/Method".
func MethodName(m protoreflect.MethodDescriptor) string {
	return string(m.Parent().FullName()) + "/" + string(m.Name())
}

func (s *Source) noMethod(sd protoreflect.ServiceDescriptor, name, method string) error {
	var own []string
	for i := range sd.Methods().Len() {
		own = append(own, string(sd.Methods().Get(i).Name()))
	}
	return fmt.Errorf("no method %q %s: %s has no %s%s", name, s.origin, sd.FullName(), method, s.instead(method, own, "method", own))
}

// instead says which of names is near, else which of all there are.
func (s *Source) instead(name string, names []string, what string, all []string) string {
	if near := Nearest(name, names); len(near) > 0 {
		return "\nDid you mean " + alternatives(near) + "?"
	}
	if len(all) == 0 {
		return "; it has none"
	}
	const most = 12
	text := strings.Join(all[:min(len(all), most)], ", ")
	if len(all) > most {
		text += fmt.Sprintf(" and %d more", len(all)-most)
	}
	if len(all) == 1 {
		return "\nIts only " + what + " is " + text
	}
	return "\nIts " + what + "s are " + text
}

// alternatives writes "a, b or c".
func alternatives(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
