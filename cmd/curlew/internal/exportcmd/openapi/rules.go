// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// rule is a google.api.HttpRule: one way to call a method by HTTP.
type rule struct {
	method       string
	path         string
	body         string // "*", a field of the request, or "" for no body
	responseBody string // a field of the reply, or "" for all of it
}

// The numbers of google/api/annotations.proto and google/api/http.proto. They
// are read from the bytes of a method's options, so that it does not matter
// whether the extension is known.
const (
	optionHTTP       = 72295728 // extension of google.protobuf.MethodOptions
	ruleBody         = 7
	ruleCustom       = 8
	ruleAdditional   = 11
	ruleResponseBody = 12
	customKind       = 1
	customPath       = 2
)

// ruleMethods are the HTTP methods of the fields that have a path.
var ruleMethods = map[protowire.Number]string{2: "GET", 3: "PUT", 4: "POST", 5: "DELETE", 6: "PATCH"}

// rulesOf returns the rules that a method is annotated with.
func rulesOf(m protoreflect.MethodDescriptor) ([]rule, error) {
	options, err := proto.Marshal(m.Options())
	if err != nil {
		return nil, err
	}
	var annotation []byte // an option given in parts is merged, as any message
	err = eachField(options, func(n protowire.Number, value []byte) error {
		if n == optionHTTP {
			annotation = append(annotation, value...)
		}
		return nil
	})
	if err != nil || len(annotation) == 0 {
		return nil, err
	}
	return parseRules(annotation, true)
}

// parseRules reads an HttpRule and those in it.
func parseRules(b []byte, outermost bool) ([]rule, error) {
	var r rule
	var more []rule
	err := eachField(b, func(n protowire.Number, value []byte) error {
		if method := ruleMethods[n]; method != "" {
			r.method, r.path = method, string(value)
			return nil
		}
		switch n {
		case ruleBody:
			r.body = string(value)
		case ruleResponseBody:
			r.responseBody = string(value)
		case ruleCustom:
			return eachField(value, func(n protowire.Number, value []byte) error {
				switch n {
				case customKind:
					r.method = string(value)
				case customPath:
					r.path = string(value)
				}
				return nil
			})
		case ruleAdditional:
			if !outermost {
				return nil
			}
			inner, err := parseRules(value, false)
			more = append(more, inner...)
			return err
		}
		return nil
	})
	return append([]rule{r}, more...), err
}

// eachField calls f with the fields of a message that have bytes as values.
func eachField(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return protowire.ParseError(n)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			if err := f(number, value); err != nil {
				return err
			}
		}
		b = b[n:]
	}
	return nil
}

// pathVariable is a part of a path that a caller chooses.
type pathVariable struct {
	name    string // in OpenAPI's path
	field   string // of the request; "" if it is none's
	pattern string // of the field, if the variable is a part of it
	rest    bool   // it is all that is left of the path
}

// template is google.api.http's template of a path in OpenAPI's terms, where a
// variable is one segment.
type template struct {
	path      string // "/v1/shelves/{name_1}/books/{name_2}"
	shape     string // the same with {} for each variable
	variables []pathVariable
}

// parseTemplate reads a template such as "/v1/{name=shelves/*/books/*}:move".
func parseTemplate(text string) (template, error) {
	var t template
	loose := 0
	for rest := text; rest != ""; {
		begin := strings.IndexAny(rest, "{*")
		if begin < 0 {
			t.literal(rest)
			break
		}
		t.literal(rest[:begin])
		if rest = rest[begin:]; rest[0] == '*' {
			loose++
			stars := 1 + strings.Count(rest[1:min(2, len(rest))], "*")
			t.variable(pathVariable{name: fmt.Sprintf("segment_%d", loose), rest: stars > 1})
			rest = rest[stars:]
			continue
		}
		inside, after, ok := strings.Cut(rest[1:], "}")
		if !ok {
			return t, fmt.Errorf("the path %q has a variable without a closing brace", text)
		}
		t.field(inside)
		rest = after
	}
	names := make(map[string]bool)
	for _, v := range t.variables {
		if names[v.name] {
			return t, fmt.Errorf("the path %q has two variables {%s}", text, v.name)
		}
		names[v.name] = true
	}
	if !strings.HasPrefix(t.path, "/") {
		return t, fmt.Errorf("the path %q does not begin with a slash", text)
	}
	return t, nil
}

// field adds what stands between braces, "name" or "name=shelves/*".
func (t *template) field(inside string) {
	name, pattern, ok := strings.Cut(inside, "=")
	if !ok || pattern == "*" || pattern == "**" {
		t.variable(pathVariable{name: name, field: name, rest: pattern == "**"})
		return
	}
	part := 0
	for i, segment := range strings.Split(pattern, "/") {
		if i > 0 {
			t.literal("/")
		}
		if segment != "*" && segment != "**" {
			t.literal(segment)
			continue
		}
		part++
		t.variable(pathVariable{name: fmt.Sprintf("%s_%d", name, part), field: name, pattern: pattern, rest: segment == "**"})
	}
}

func (t *template) literal(text string) {
	t.path += text
	t.shape += text
}

func (t *template) variable(v pathVariable) {
	t.path += "{" + v.name + "}"
	t.shape += "{}"
	t.variables = append(t.variables, v)
}
