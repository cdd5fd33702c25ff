// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Options are what descriptors do not tell.
type Options struct {
	Title   string // "" is the services' names
	Version string // of the interface
	Servers []string
}

const (
	typeJSON   = "application/json"
	typeEvents = "text/event-stream"
	typeAny    = "*/*"
)

type builder struct {
	document *Document
	known    map[string]bool   // schemas by name
	shapes   map[string]string // a path's shape → the path
	left     []string
}

// Build describes services. What HTTP with bodies of JSON cannot carry is left
// out, and listed with the reason, in the document's description too.
func Build(services []protoreflect.ServiceDescriptor, o Options) (d *Document, left []string, err error) {
	b := &builder{
		document: &Document{OpenAPI: "3.1.0", Info: info{Title: o.Title, Version: o.Version}},
		known:    make(map[string]bool),
		shapes:   make(map[string]string),
	}
	var names []string
	for _, s := range o.Servers {
		b.document.Servers = append(b.document.Servers, server{s})
	}
	for _, sd := range services {
		names = append(names, string(sd.FullName()))
		b.document.Tags = append(b.document.Tags, tag{string(sd.FullName()), comment(sd)})
		for i := range sd.Methods().Len() {
			if err := b.method(sd.Methods().Get(i)); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", sd.Methods().Get(i).FullName(), err)
			}
		}
	}
	if o.Title == "" {
		b.document.Info.Title = strings.Join(names, ", ")
	}
	if len(b.left) > 0 {
		b.document.Info.Description = "Not in this document:\n\n- " + strings.Join(b.left, "\n- ")
	}
	return b.document, b.left, nil
}

// method adds the operations of a method.
func (b *builder) method(m protoreflect.MethodDescriptor) error {
	rules, err := rulesOf(m)
	if err != nil {
		return fmt.Errorf("the google.api.http annotation: %w", err)
	}
	streams := m.IsStreamingClient() || m.IsStreamingServer()
	switch {
	case m.IsStreamingClient():
		b.leave(m, "a stream of requests is no JSON body")
		return nil
	case streams && len(rules) == 0:
		b.leave(m, "a stream of replies without a google.api.http route is no JSON body")
	case !streams:
		b.connect(m)
	}
	for i, r := range rules {
		if err := b.route(m, r, i); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) leave(m protoreflect.MethodDescriptor, why string) {
	b.left = append(b.left, fmt.Sprintf("%s/%s: %s", m.Parent().FullName(), m.Name(), why))
}

// operationOf returns an operation of a method, without parameters, body and
// responses.
func operationOf(m protoreflect.MethodDescriptor, suffix string) *operation {
	text := comment(m)
	o := &operation{
		Tags: []string{string(m.Parent().FullName())}, Summary: summary(text),
		OperationID: string(m.FullName()) + suffix,
		Deprecated:  deprecated(m) || deprecated(m.Parent()),
	}
	if text != o.Summary && text != o.Summary+"." {
		o.Description = text
	}
	return o
}

// put places an operation, or lists it as left out if there is no room for it.
func (b *builder) put(m protoreflect.MethodDescriptor, method, path string, o *operation) {
	item, ok := b.document.Paths.get(path)
	if !ok {
		item = new(pathItem)
	}
	switch place := item.at(method); {
	case place == nil:
		b.leave(m, fmt.Sprintf("OpenAPI 3.1 has no HTTP method %s, of %s", method, path))
	case *place != nil:
		b.leave(m, fmt.Sprintf("%s %s is there already, for %s", method, path, (*place).OperationID))
	default:
		*place = o
		if !ok {
			b.document.Paths.add(path, item)
		}
	}
}

// connect adds the operations of the Connect protocol
// (connectrpc.com/docs/protocol).
func (b *builder) connect(m protoreflect.MethodDescriptor) {
	path := fmt.Sprintf("/%s/%s", m.Parent().FullName(), m.Name())
	timeout := parameter{
		Name: "Connect-Timeout-Ms", In: "header", Description: "How long the caller waits, in milliseconds.",
		Schema: &schema{Type: "integer", Minimum: new(int64)},
	}
	post := operationOf(m, "")
	post.Parameters = []parameter{timeout}
	post.RequestBody = &requestBody{Required: true}
	post.RequestBody.Content.add(typeJSON, media{b.message(m.Input())})
	post.Responses = b.connectResponses(m)
	b.put(m, "POST", path, post)
	if sideEffects(m) {
		return
	}
	get := operationOf(m, ".get")
	message := parameter{Name: "message", In: "query", Description: "The request.", Required: true}
	message.Content.add(typeJSON, media{b.message(m.Input())})
	get.Parameters = []parameter{
		{Name: "encoding", In: "query", Description: "How the request is encoded.", Required: true, Schema: &schema{Type: "string", Enum: []any{"json"}}},
		message,
		timeout,
	}
	get.Responses = b.connectResponses(m)
	b.put(m, "GET", path, get)
}

func (b *builder) connectResponses(m protoreflect.MethodDescriptor) ordered[*response] {
	var all ordered[*response]
	reply := &response{Description: "The reply."}
	reply.Content.add(typeJSON, media{b.message(m.Output())})
	all.add("200", reply)
	all.add("default", b.errors(connectError))
	return all
}

// route adds the operation of a google.api.http rule, the i-th of a method.
func (b *builder) route(m protoreflect.MethodDescriptor, r rule, i int) error {
	t, err := parseTemplate(r.path)
	if err != nil {
		return err
	}
	suffix := ".http"
	if i > 0 {
		suffix += fmt.Sprint(i + 1)
	}
	o := operationOf(m, suffix)
	inPath := make(map[string]bool)
	names := b.variableNames(t)
	for j, v := range t.variables {
		p, err := b.pathParameter(m.Input(), v)
		if err != nil {
			return err
		}
		p.Name = names[j]
		o.Parameters = append(o.Parameters, p)
		inPath[v.field] = true
	}
	if r.body != "" {
		if o.RequestBody, err = b.body(m.Input(), r.body); err != nil {
			return err
		}
		inPath[r.body] = true
	}
	if r.body != "*" {
		o.Parameters = append(o.Parameters, b.query(m.Input(), "", inPath, nil)...)
	}
	reply, err := b.reply(m, r.responseBody)
	if err != nil {
		return err
	}
	o.Responses.add("200", reply)
	o.Responses.add("default", b.errors(rpcStatus))
	b.put(m, r.method, b.shapes[t.shape], o)
	return nil
}

// variableNames returns the names of a path's variables: paths that differ in
// those only are one path in OpenAPI, whose first has named them.
func (b *builder) variableNames(t template) []string {
	path, ok := b.shapes[t.shape]
	if !ok {
		path, b.shapes[t.shape] = t.path, t.path
	}
	var names []string
	for _, part := range strings.Split(path, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

// pathParameter describes a variable of a path.
func (b *builder) pathParameter(in protoreflect.MessageDescriptor, v pathVariable) (parameter, error) {
	p := parameter{In: "path", Required: true, Schema: &schema{Type: "string"}}
	if v.field != "" {
		fd, err := find(in, v.field)
		if err != nil {
			return p, err
		}
		p.Description = comment(fd)
		if v.pattern == "" {
			p.Schema = b.field(fd)
		} else {
			p.Description = strings.TrimSpace(p.Description + "\n" + fmt.Sprintf("A part of %s, which is %s.", v.field, v.pattern))
		}
	}
	if v.rest {
		p.Description = strings.TrimSpace(p.Description + "\nAll that is left of the path; it may have slashes.")
	}
	return p, nil
}

// body describes the body of a request: all of the message, or a field of it.
func (b *builder) body(in protoreflect.MessageDescriptor, field string) (*requestBody, error) {
	r := &requestBody{Required: true}
	if field == "*" {
		r.Content.add(content(in, b.message(in)))
		return r, nil
	}
	fd, err := find(in, field)
	if err != nil {
		return nil, err
	}
	r.Content.add(content(fd.Message(), b.field(fd)))
	return r, nil
}

// content returns the content type of a message, which may be nil, and what it
// is: a google.api.HttpBody is of any type.
func content(md protoreflect.MessageDescriptor, s *schema) (string, media) {
	if md != nil && md.FullName() == "google.api.HttpBody" {
		return typeAny, media{}
	}
	return typeJSON, media{s}
}

// reply describes the answer of a route.
func (b *builder) reply(m protoreflect.MethodDescriptor, field string) (*response, error) {
	md, s := m.Output(), (*schema)(nil)
	if field != "" {
		fd, err := find(md, field)
		if err != nil {
			return nil, err
		}
		md, s = fd.Message(), b.field(fd)
	} else {
		s = b.message(md)
	}
	if m.IsStreamingServer() {
		r := &response{Description: "Server-Sent Events: each reply as JSON, then an event named end, or error."}
		r.Content.add(typeEvents, media{&schema{Type: "string"}})
		return r, nil
	}
	r := &response{Description: "The reply."}
	r.Content.add(content(md, s))
	return r, nil
}

// query returns the parameters for the fields of a message that are neither in
// the path nor in the body. Messages within messages of their own kind end it.
func (b *builder) query(md protoreflect.MessageDescriptor, prefix string, taken map[string]bool, within []protoreflect.FullName) []parameter {
	for _, outer := range within {
		if outer == md.FullName() {
			return nil
		}
	}
	within = append(within, md.FullName())
	var all []parameter
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		name := prefix + string(fd.Name())
		if taken[name] || taken[prefix+fd.JSONName()] || fd.IsMap() {
			continue
		}
		name = prefix + fd.JSONName()
		if fd.Message() != nil {
			s := wellKnown(fd.Message())
			if s == nil && !fd.IsList() {
				inner := b.query(fd.Message(), name+".", taken, within)
				all = append(all, inner...)
			}
			if s == nil || !inQuery(s) {
				continue
			}
		}
		p := parameter{Name: name, In: "query", Description: comment(fd), Deprecated: deprecated(fd), Schema: b.field(fd)}
		all = append(all, p)
	}
	return all
}

// inQuery tells whether values of a well-known message can stand in a query.
func inQuery(s *schema) bool {
	return s.Type != "object" && s.Type != "array" && (s.Type != nil || s.AnyOf != nil)
}

// find finds the field of a path such as "book.author.name".
func find(md protoreflect.MessageDescriptor, path string) (protoreflect.FieldDescriptor, error) {
	var fd protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if fd != nil {
			if md = fd.Message(); md == nil {
				return nil, fmt.Errorf("%s is no message, it has no field %q", fd.FullName(), name)
			}
		}
		if fd = md.Fields().ByName(protoreflect.Name(name)); fd == nil {
			fd = md.Fields().ByJSONName(name)
		}
		if fd == nil {
			return nil, fmt.Errorf("%s has no field %q, which a route names", md.FullName(), name)
		}
	}
	return fd, nil
}
