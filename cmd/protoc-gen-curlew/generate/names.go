// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/compiler/protogen"

	"github.com/curlewrpc/curlew"
)

// service is a service with Go names that nothing else in its package has.
type service struct {
	*protogen.Service
	base    string // "Greeter"
	methods []method
}

type method struct {
	*protogen.Method
	name string // "Greet"
	kind curlew.Kind
}

// services gives the services of f their Go names. The names depend on f and
// what it imports, not on what else is generated at the same time.
func (o Options) services(p *protogen.Plugin, f *protogen.File) []*service {
	taken := make(map[string]string)
	if o.PackageSuffix == "" {
		declareImported(p, f, f.GoImportPath, taken, make(map[string]bool))
	}
	var all []*service
	for _, desc := range f.Services {
		s := newService(desc)
		for slices.ContainsFunc(s.names(), func(name string) bool { return taken[name] != "" }) {
			s.base += "_"
		}
		for _, name := range s.names() {
			taken[name] = f.Desc.Path()
		}
		all = append(all, s)
	}
	return all
}

func newService(desc *protogen.Service) *service {
	s := &service{Service: desc, base: desc.GoName}
	taken := make(map[string]bool)
	for _, m := range desc.Methods {
		name := m.GoName
		for taken[name] {
			name += "_"
		}
		taken[name] = true
		s.methods = append(s.methods, method{m, name, kindOf(m)})
	}
	return s
}

func kindOf(m *protogen.Method) curlew.Kind {
	switch requests, replies := m.Desc.IsStreamingClient(), m.Desc.IsStreamingServer(); {
	case requests && replies:
		return curlew.KindBidi
	case requests:
		return curlew.KindClientStream
	case replies:
		return curlew.KindServerStream
	default:
		return curlew.KindUnary
	}
}

func (s *service) clientType() string   { return s.base + "Client" }
func (s *service) newClient() string    { return "New" + s.clientType() }
func (s *service) clientStruct() string { return unexported(s.clientType()) }
func (s *service) nameConstant() string { return s.base + "Name" }

// serviceType is "GreeterService", for a service UserService as well as User
// "UserService".
func (s *service) serviceType() string       { return strings.TrimSuffix(s.base, "Service") + "Service" }
func (s *service) newService() string        { return "New" + s.serviceType() }
func (s *service) unimplementedType() string { return "Unimplemented" + s.serviceType() }

func (s *service) methodVar(m method) string    { return unexported(s.base) + "_" + m.name }
func (s *service) clientStream(m method) string { return s.base + "_" + m.name + "Client" }
func (s *service) serverStream(m method) string { return s.base + "_" + m.name + "Server" }

// names returns all that the service declares in its package.
func (s *service) names() []string {
	names := []string{
		s.clientType(), s.newClient(), s.clientStruct(), s.nameConstant(),
		s.serviceType(), s.newService(), s.unimplementedType(),
	}
	for _, m := range s.methods {
		names = append(names, s.methodVar(m))
		if m.kind != curlew.KindUnary {
			names = append(names, s.clientStream(m), s.serverStream(m))
		}
	}
	return names
}

func unexported(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// clash says which name a service of f shares with another file of its Go
// package that f does not import, and that is generated at the same time.
func (o Options) clash(p *protogen.Plugin, f *protogen.File) error {
	taken := make(map[string]string)
	for _, other := range p.Files {
		if other == f || other.GoImportPath != f.GoImportPath {
			continue
		}
		if o.PackageSuffix == "" {
			declare(other, taken)
		}
		if other.Generate {
			for _, s := range o.services(p, other) {
				for _, name := range s.names() {
					taken[name] = other.Desc.Path()
				}
			}
		}
	}
	for _, s := range o.services(p, f) {
		for _, name := range s.names() {
			if path := taken[name]; path != "" {
				return fmt.Errorf("%s: service %s needs the Go name %s, which %s has in the same Go package; rename one of them, or put services into a package of their own by the parameter package_suffix=rpc",
					f.Desc.Path(), s.Desc.FullName(), name, path)
			}
		}
	}
	return nil
}

// declareImported adds to taken what protoc-gen-go declares for f and all that
// it imports from the Go package.
func declareImported(p *protogen.Plugin, f *protogen.File, pkg protogen.GoImportPath, taken map[string]string, seen map[string]bool) {
	if f == nil || seen[f.Desc.Path()] {
		return
	}
	seen[f.Desc.Path()] = true
	if f.GoImportPath == pkg {
		declare(f, taken)
	}
	for i := range f.Desc.Imports().Len() {
		declareImported(p, p.FilesByPath[f.Desc.Imports().Get(i).Path()], pkg, taken, seen)
	}
}

// declare adds to taken what protoc-gen-go declares for f.
func declare(f *protogen.File, taken map[string]string) {
	add := func(ident protogen.GoIdent) { taken[ident.GoName] = f.Desc.Path() }
	enums := func(enums []*protogen.Enum) {
		for _, e := range enums {
			add(e.GoIdent)
			for _, v := range e.Values {
				add(v.GoIdent)
			}
		}
	}
	var messages func([]*protogen.Message)
	messages = func(all []*protogen.Message) {
		for _, m := range all {
			add(m.GoIdent)
			for _, field := range m.Fields {
				if field.Oneof != nil && !field.Oneof.Desc.IsSynthetic() {
					add(field.GoIdent)
				}
			}
			enums(m.Enums)
			messages(m.Messages)
		}
	}
	enums(f.Enums)
	messages(f.Messages)
}

// nameLocals names the variables of generated functions otherwise than the
// packages that their bodies use.
func (w *writer) nameLocals(f *protogen.File) {
	packages := make(map[string]bool)
	for _, s := range f.Services {
		for _, m := range s.Methods {
			for _, message := range []*protogen.Message{m.Input, m.Output} {
				if pkg, _, qualified := strings.Cut(w.QualifiedGoIdent(message.GoIdent), "."); qualified {
					packages[pkg] = true
				}
			}
		}
	}
	local := func(name string) string {
		for packages[name] {
			name += "_"
		}
		return name
	}
	w.local = locals{
		client: local("c"), ctx: local("ctx"), request: local("request"), reply: local("reply"),
		opts: local("opts"), err: local("err"), stream: local("stream"), impl: local("impl"), caller: local("caller"),
	}
}

// locals are the names of variables in generated functions.
type locals struct {
	client, ctx, request, reply, opts, err, stream, impl, caller string
}
