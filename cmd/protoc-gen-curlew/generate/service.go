// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
)

func (w *writer) service(s *service) {
	w.doc(fmt.Sprintf("// %s is the full name of the service.\n", s.nameConstant()), protogen.CommentSet{}, s.deprecated())
	w.P("const ", s.nameConstant(), ` = "`, s.Desc.FullName(), `"`)
	w.P()
	w.client(s)
	w.server(s)
	w.streams(s)
}

// client writes the client's interface, what implements it, and the methods
// that it calls.
func (w *writer) client(s *service) {
	w.doc(fmt.Sprintf("// %s calls %s.\n", s.clientType(), s.Desc.FullName()), s.Comments, s.deprecated())
	w.P("type ", s.clientType(), " interface {")
	for _, m := range s.methods {
		w.doc("", m.Comments, m.deprecated())
		w.P(w.clientSignature(s, m))
	}
	w.P("}")
	w.P()
	w.doc(fmt.Sprintf("// %s returns a client that calls through %s, which may be\n// a client.Client, a peer's Caller or a test's.\n", s.newClient(), w.local.caller), protogen.CommentSet{}, s.deprecated())
	w.P("func ", s.newClient(), "(", w.local.caller, " ", curlewPackage.Ident("Caller"), ") ", s.clientType(), " {")
	w.P("return ", s.clientStruct(), "{", w.local.caller, "}")
	w.P("}")
	w.P()
	w.P("type ", s.clientStruct(), " struct{ caller ", curlewPackage.Ident("Caller"), " }")
	w.P()
	if len(s.methods) == 0 {
		return
	}
	w.P("var (")
	for _, m := range s.methods {
		w.P(s.methodVar(m), " = ", w.constructor(m), "[", m.Input.GoIdent, ", ", m.Output.GoIdent, `](`,
			s.nameConstant(), `+"/`, m.Desc.Name(), `", nil`, w.idempotency(m), ")")
	}
	w.P(")")
	w.P()
	for _, m := range s.methods {
		w.clientMethod(s, m)
	}
}

func (w *writer) clientSignature(s *service, m method) string {
	request := ""
	if !m.kind.ManyRequests() {
		request = ", " + w.local.request + " *" + w.QualifiedGoIdent(m.Input.GoIdent)
	}
	reply := s.clientStream(m)
	if m.kind == curlew.KindUnary {
		reply = "*" + w.QualifiedGoIdent(m.Output.GoIdent)
	}
	return fmt.Sprintf("%s(%s %s%s, %s ...%s) (%s, error)",
		m.name, w.local.ctx, w.context(), request, w.local.opts, w.curlew("CallOption"), reply)
}

func (w *writer) clientMethod(s *service, m method) {
	l, which := w.local, s.methodVar(m)
	w.P("func (", l.client, " ", s.clientStruct(), ") ", w.clientSignature(s, m), " {")
	result := l.stream
	if m.kind == curlew.KindUnary {
		result = l.reply
		w.P(l.reply, " := new(", m.Output.GoIdent, ")")
		w.P("if ", l.err, " := ", l.client, ".caller.Invoke(", l.ctx, ", ", which, ", ", l.request, ", ", l.reply, ", ", l.opts, "...); ", l.err, " != nil {")
	} else {
		open := map[curlew.Kind]string{
			curlew.KindServerStream: "OpenServerStream", curlew.KindClientStream: "OpenClientStream", curlew.KindBidi: "OpenBidi",
		}[m.kind]
		request := ""
		if !m.kind.ManyRequests() {
			request = ", " + l.request
		}
		w.P(l.stream, ", ", l.err, " := ", curlewPackage.Ident(open), "[", m.Input.GoIdent, ", ", m.Output.GoIdent, "](",
			l.ctx, ", ", l.client, ".caller, ", which, request, ", ", l.opts, "...)")
		w.P("if ", l.err, " != nil {")
	}
	w.P("return nil, ", l.err)
	w.P("}")
	w.P("return ", result, ", nil")
	w.P("}")
	w.P()
}

// server writes the interface that a server implements, what makes a service of
// it, and what is embedded to implement a part of it.
func (w *writer) server(s *service) {
	l := w.local
	w.doc(fmt.Sprintf("// %s serves %s.\n", s.serviceType(), s.Desc.FullName()), s.Comments, s.deprecated())
	w.P("type ", s.serviceType(), " interface {")
	for _, m := range s.methods {
		w.doc("", m.Comments, m.deprecated())
		w.P(w.serverSignature(s, m))
	}
	w.P("}")
	w.P()
	w.doc(fmt.Sprintf("// %s returns the service that %s serves.\n", s.newService(), l.impl), protogen.CommentSet{}, s.deprecated())
	w.P("func ", s.newService(), "(", l.impl, " ", s.serviceType(), ") *", curlewPackage.Ident("Service"), " {")
	w.P("return ", curlewPackage.Ident("NewService"), "(", s.nameConstant(), ",")
	for _, m := range s.methods {
		w.P(w.constructor(m), `("`, m.Desc.Name(), `", `, w.handler(m), w.idempotency(m), "),")
	}
	w.P(")")
	w.P("}")
	w.P()
	w.doc(fmt.Sprintf("// %s answers every method with unimplemented. Embedded,\n// it keeps implementations of %s compiling when methods are added.\n",
		s.unimplementedType(), s.serviceType()), protogen.CommentSet{}, s.deprecated())
	w.P("type ", s.unimplementedType(), " struct{}")
	w.P()
	for _, m := range s.methods {
		result := ""
		if !m.kind.ManyReplies() {
			result = "nil, "
		}
		w.P("func (", s.unimplementedType(), ") ", w.serverSignature(s, m), " {")
		w.P("return ", result, curlewPackage.Ident("NewError"), "(", curlewPackage.Ident("Unimplemented"), ", ",
			s.nameConstant(), `+"/`, m.Desc.Name(), ` is not implemented")`)
		w.P("}")
		w.P()
	}
}

func (w *writer) serverSignature(s *service, m method) string {
	parameter := w.local.request + " *" + w.QualifiedGoIdent(m.Input.GoIdent)
	switch {
	case m.kind.ManyRequests():
		parameter = w.local.stream + " " + s.serverStream(m)
	case m.kind.ManyReplies():
		parameter += ", " + w.local.stream + " " + s.serverStream(m)
	}
	reply := "error"
	if !m.kind.ManyReplies() {
		reply = "(*" + w.QualifiedGoIdent(m.Output.GoIdent) + ", error)"
	}
	return fmt.Sprintf("%s(%s %s, %s) %s", m.name, w.local.ctx, w.context(), parameter, reply)
}

// handler returns the function that serves m: the method itself, or for streams
// one that passes the typed stream on as the interface that the method takes.
func (w *writer) handler(m method) string {
	l := w.local
	input, output := w.QualifiedGoIdent(m.Input.GoIdent), w.QualifiedGoIdent(m.Output.GoIdent)
	call := l.impl + "." + m.name
	switch m.kind {
	case curlew.KindServerStream:
		return fmt.Sprintf("func(%s %s, %s *%s, %s %s[%s]) error { return %s(%[1]s, %[3]s, %[5]s) }",
			l.ctx, w.context(), l.request, input, l.stream, w.curlew("Sender"), output, call)
	case curlew.KindClientStream:
		return fmt.Sprintf("func(%s %s, %s %s[%s]) (*%s, error) { return %s(%[1]s, %[3]s) }",
			l.ctx, w.context(), l.stream, w.curlew("Receiver"), input, output, call)
	case curlew.KindBidi:
		return fmt.Sprintf("func(%s %s, %s %s[%s, %s]) error { return %s(%[1]s, %[3]s) }",
			l.ctx, w.context(), l.stream, w.curlew("Bidi"), input, output, call)
	default:
		return call
	}
}

// streams writes the interfaces of the two ends of each stream.
func (w *writer) streams(s *service) {
	if !slices.ContainsFunc(s.methods, func(m method) bool { return m.kind != curlew.KindUnary }) {
		return
	}
	w.P("// The clients' and the servers' ends of the streams of ", s.Desc.FullName(), ".")
	w.P("type (")
	for _, m := range s.methods {
		if m.kind != curlew.KindUnary {
			w.stream(s, m)
		}
	}
	w.P(")")
	w.P()
}

func (w *writer) stream(s *service, m method) {
	input, output := "*"+w.QualifiedGoIdent(m.Input.GoIdent), "*"+w.QualifiedGoIdent(m.Output.GoIdent)
	deprecated := m.deprecated() || s.deprecated()
	send := func(message string) { w.P("Send(ctx ", w.context(), ", m ", message, ") error") }
	receive := func(message string) {
		w.P("Receive(ctx ", w.context(), ") (", message, ", error)")
		w.P("All(ctx ", w.context(), ") ", iterPackage.Ident("Seq2"), "[", message, ", error]")
	}

	w.doc("", protogen.CommentSet{}, deprecated)
	w.P(s.clientStream(m), " interface {")
	if m.kind.ManyRequests() {
		send(input)
	}
	if m.kind.ManyReplies() {
		receive(output)
	} else {
		w.P("CloseAndReceive(ctx ", w.context(), ") (", output, ", error)")
	}
	if m.kind == curlew.KindBidi {
		w.P("CloseSend() error")
	}
	w.P("Close() error")
	w.P("Stream() ", curlewPackage.Ident("Stream"))
	w.P("}")

	w.doc("", protogen.CommentSet{}, deprecated)
	w.P(s.serverStream(m), " interface {")
	if m.kind.ManyReplies() {
		send(output)
	}
	if m.kind.ManyRequests() {
		receive(input)
	}
	w.P("}")
}

// context returns context.Context as this file writes it, and imports it: a file
// without methods does not.
func (w *writer) context() string { return w.QualifiedGoIdent(contextPackage.Ident("Context")) }

// curlew returns a name of the root package as this file writes it.
func (w *writer) curlew(name string) string { return w.QualifiedGoIdent(curlewPackage.Ident(name)) }

// constructor returns the function that describes methods of m's kind.
func (w *writer) constructor(m method) string {
	switch m.kind {
	case curlew.KindServerStream:
		return w.curlew("ServerStream")
	case curlew.KindClientStream:
		return w.curlew("ClientStream")
	case curlew.KindBidi:
		return w.curlew("BidiStream")
	default:
		return w.curlew("Unary")
	}
}

// idempotency returns a method option as a further argument, "" if there is
// nothing to say.
func (w *writer) idempotency(m method) string {
	switch m.Desc.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() {
	case descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
		return ", " + w.curlew("NoSideEffects")
	case descriptorpb.MethodOptions_IDEMPOTENT:
		return ", " + w.curlew("Idempotent")
	default:
		return ""
	}
}
