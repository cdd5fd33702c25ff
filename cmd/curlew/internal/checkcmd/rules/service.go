// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

func (c *checker) service(old, new protoreflect.ServiceDescriptor) {
	for i := range old.Methods().Len() {
		a := old.Methods().Get(i)
		if b := new.Methods().ByName(a.Name()); b != nil {
			c.method(a, b)
		} else if b := c.renamedMethod(a, new); b != nil {
			c.finding(MethodRenamed, Wire, a, b, "keep the name, it is a part of every call's path; add the new name as a second method",
				"%s was, it seems, renamed to %q; calls of the old name fail with unimplemented", describe(a), b.Name())
		} else {
			c.finding(MethodRemoved, Wire, a, new, "keep it, marked as deprecated, until nobody calls it",
				"%s is gone; its calls fail with unimplemented", describe(a))
		}
	}
}

// renamedMethod returns the only new method of the same types as one that is
// gone, nil if there is none or there are several.
func (c *checker) renamedMethod(old protoreflect.MethodDescriptor, in protoreflect.ServiceDescriptor) protoreflect.MethodDescriptor {
	before := old.Parent().(protoreflect.ServiceDescriptor).Methods()
	var found protoreflect.MethodDescriptor
	for i := range in.Methods().Len() {
		m := in.Methods().Get(i)
		if before.ByName(m.Name()) != nil || !c.sameType(old.Input(), m.Input()) || !c.sameType(old.Output(), m.Output()) {
			continue
		}
		if found != nil {
			return nil
		}
		found = m
	}
	return found
}

func (c *checker) method(old, new protoreflect.MethodDescriptor) {
	c.methodType(MethodInputChanged, "takes", old, new, old.Input(), new.Input())
	c.methodType(MethodOutputChanged, "returns", old, new, old.Output(), new.Output())
	stream := func(side string, from, to bool) {
		if from != to {
			kind := map[bool]string{false: "one message", true: "a stream"}
			c.finding(MethodStreamChanged, Wire, old, new, "keep it; add a new method beside it",
				"the %s of %s changed from %s to %s; calls of the other version fail", side, describe(old), kind[from], kind[to])
		}
	}
	stream("request", old.IsStreamingClient(), new.IsStreamingClient())
	stream("reply", old.IsStreamingServer(), new.IsStreamingServer())

	a, b := options[*descriptorpb.MethodOptions](old), options[*descriptorpb.MethodOptions](new)
	if from, to := a.GetIdempotencyLevel(), b.GetIdempotencyLevel(); from != to {
		c.finding(MethodIdempotencyChanged, Wire, old, new, fmt.Sprintf("keep idempotency_level = %s", from),
			"%s changed idempotency_level from %s to %s; %s", describe(old), from, to, idempotency(to))
	}
	if !slices.EqualFunc(httpRules(a), httpRules(b), slices.Equal) {
		c.finding(MethodHTTPChanged, JSON, old, new, "keep the old route; a new one can stand beside it as additional_bindings",
			"%s has another HTTP route; requests to the old one are not found", describe(old))
	}
}

func idempotency(to descriptorpb.MethodOptions_IdempotencyLevel) string {
	if to == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return "new clients may call it by GET, which servers of the old version refuse"
	}
	return "clients of the old version repeat calls, or make them by GET, where it no longer fits"
}

func (c *checker) methodType(rule, does string, old, new protoreflect.MethodDescriptor, from, to protoreflect.MessageDescriptor) {
	if c.sameType(from, to) {
		return
	}
	severity, reason := Wire, "the two have different fields"
	if c.names[from.FullName()] == to.FullName() {
		severity, reason = JSON, "that is, it seems, the same type under another name"
	} else if c.shapesAgree(from, to) {
		severity, reason = JSON, "the two have the same fields today, but change apart"
	}
	c.finding(rule, severity, old, new, "keep the message, and add fields to it; or add a new method beside this one",
		"%s %s %s now, not %s; %s", describe(old), does, to.FullName(), from.FullName(), reason)
}

// httpRule is the number of the extension google.api.http.
const httpRule = 72295728

// httpRules returns a method's google.api.http options, as bytes: whether they
// are known to the program depends on where the descriptor came from.
func httpRules(o *descriptorpb.MethodOptions) [][]byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(o)
	if err != nil {
		return nil
	}
	var rules [][]byte
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return rules
		}
		m := protowire.ConsumeFieldValue(number, kind, b[n:])
		if m < 0 {
			return rules
		}
		if number == httpRule {
			rules = append(rules, b[n:n+m])
		}
		b = b[n+m:]
	}
	return rules
}
