// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// rule is a google.api.HttpRule: one way to call a method by HTTP.
type rule struct {
	method       string // of HTTP; "*" is any
	path         string // the template
	body         string // "*", a field of the request, or "" for no body
	responseBody string // a field of the reply, or "" for all of it
	additional   []rule
}

// The fields of google/api/annotations.proto and google/api/http.proto. They
// are read from the bytes of a method's options, so that it does not matter
// whether the binary knows the extension.
const (
	optionsHTTP = 72295728 // extension of google.protobuf.MethodOptions

	ruleGet          = 2
	rulePut          = 3
	rulePost         = 4
	ruleDelete       = 5
	rulePatch        = 6
	ruleBody         = 7
	ruleCustom       = 8
	ruleAdditional   = 11
	ruleResponseBody = 12

	customKind = 1
	customPath = 2
)

// rulesOf returns the rules that a method is annotated with, none if it is not.
func rulesOf(m protoreflect.MethodDescriptor) ([]rule, error) {
	options, err := proto.Marshal(m.Options())
	if err != nil {
		return nil, fmt.Errorf("the method's options: %w", err)
	}
	var annotation []byte // an option given in parts is merged, as any message
	err = eachField(options, func(n protowire.Number, value []byte) error {
		if n == optionsHTTP {
			annotation = append(annotation, value...)
		}
		return nil
	})
	if err != nil || len(annotation) == 0 {
		return nil, err
	}
	first, err := parseRule(annotation)
	if err != nil {
		return nil, fmt.Errorf("the google.api.http annotation: %w", err)
	}
	return append([]rule{first}, first.additional...), nil
}

// parseRule reads a google.api.HttpRule.
func parseRule(b []byte) (rule, error) {
	var r rule
	err := eachField(b, func(n protowire.Number, value []byte) error {
		switch n {
		case ruleGet:
			r.method, r.path = http.MethodGet, string(value)
		case rulePut:
			r.method, r.path = http.MethodPut, string(value)
		case rulePost:
			r.method, r.path = http.MethodPost, string(value)
		case ruleDelete:
			r.method, r.path = http.MethodDelete, string(value)
		case rulePatch:
			r.method, r.path = http.MethodPatch, string(value)
		case ruleCustom:
			return r.custom(value)
		case ruleBody:
			r.body = string(value)
		case ruleResponseBody:
			r.responseBody = string(value)
		case ruleAdditional:
			return r.add(value)
		}
		return nil
	})
	if err == nil && r.method == "" {
		err = errors.New("it has no HTTP method and path")
	}
	return r, err
}

// custom reads a google.api.CustomHttpPattern.
func (r *rule) custom(b []byte) error {
	r.method, r.path = "", ""
	return eachField(b, func(n protowire.Number, value []byte) error {
		switch n {
		case customKind:
			r.method = string(value)
		case customPath:
			r.path = string(value)
		}
		return nil
	})
}

func (r *rule) add(b []byte) error {
	more, err := parseRule(b)
	switch {
	case err != nil:
		return fmt.Errorf("additional_bindings: %w", err)
	case len(more.additional) > 0:
		return errors.New("additional_bindings have additional_bindings of their own")
	}
	r.additional = append(r.additional, more)
	return nil
}

// eachField calls f with the fields of a message that have bytes as values, and
// skips the rest.
func eachField(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
				return protowire.ParseError(n)
			}
			b = b[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(number, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
