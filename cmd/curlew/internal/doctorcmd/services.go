// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
)

// services asks what the server says of itself. A server of HTTP/1.1 that
// answers none of it as an RPC server does is a web server.
func (e *exam) services(ctx context.Context, c curlew.Caller, spoken []string) {
	service, _ := curlew.SplitName(e.report.Method)
	begin := len(e.report.Steps)
	answers := e.health(ctx, c, service)
	if e.reflection(ctx, c) {
		answers = true
	}
	if spoken[0] != http1 {
		return
	}
	v, advice := warn, "Give --protocol connect to other commands. gRPC and the native protocol need a server, and proxies before it, that let HTTP/2 or any TCP through."
	found := "the server speaks HTTP/1.1 only, in which Connect calls work"
	if !answers {
		v, advice = fail, "Is it the right port, not the one for web pages? If it is, a proxy before the server may not let HTTP/2 through. A Connect server can still be called with --protocol connect."
		found = "the server speaks HTTP/1.1 only, and has neither health nor reflection: native calls and gRPC do not work"
	}
	protocol := step{"protocol", v, found, advice}
	if v == fail {
		e.report.Steps = append(e.report.Steps[:begin], protocol)
		return
	}
	e.report.Steps = slices.Insert(e.report.Steps, begin, protocol)
}

// health asks for the server's health, and that of the method's service. It
// returns whether there was an answer.
func (e *exam) health(ctx context.Context, c curlew.Caller, service string) bool {
	names := []string{""}
	if service != "" {
		names = append(names, service)
	}
	asked := health.NewClient(c)
	for _, name := range names {
		what := "the server"
		if name != "" {
			what = name
		}
		status, err := e.check(ctx, asked, name)
		switch {
		case err == nil && status == health.Serving:
			e.report.add("health", ok, "", "%s is serving", what)
		case err == nil && status == health.NotServing:
			e.report.add("health", fail, "The server runs and says that it should get no calls: it starts, drains, or misses something that it needs. Its log tells.", "%s is not serving", what)
		case err == nil:
			e.report.add("health", warn, "The server should set a status.", "the status of %s is %v", what, status)
		case errors.Is(err, curlew.Unimplemented):
			e.report.add("health", warn, "Calls do not need it; load balancers and probes do.", "the server does not offer %s", health.ServiceName)
			return false
		case errors.Is(err, curlew.NotFound):
			e.report.add("health", warn, "Calls do not need it. If the next steps do not find the service either, it is not on this server.", "the health service does not know %s", what)
		default:
			return e.unasked("health", err)
		}
	}
	return true
}

func (e *exam) check(ctx context.Context, c *health.Client, service string) (health.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return c.Check(ctx, service)
}

// unasked says why a question to the server failed, and returns whether it was
// an RPC server that said so.
func (e *exam) unasked(name string, err error) bool {
	failed := curlew.ErrorOf(err)
	v, advice := warn, "Only this question is concerned, as far as can be seen from here."
	switch failed.Code() {
	case curlew.Unavailable, curlew.DeadlineExceeded, curlew.Internal, curlew.Unknown:
		v, advice = fail, "The connection works, but the server, or the proxy before it, does not answer calls. Look at its log, and whether its backends run."
	case curlew.Unauthenticated, curlew.PermissionDenied:
		advice = "The server wants to know who calls. Calls need credentials, in a header mostly."
	}
	e.report.add(name, v, advice, "%v", failed)
	return failed.Origin() == curlew.OriginServer
}

// reflection asks for the server's services, and looks for the method among
// them. It returns whether there was an answer.
func (e *exam) reflection(ctx context.Context, c curlew.Caller) bool {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	asked := reflection.NewClient(c)
	services, err := asked.Services(ctx)
	switch {
	case errors.Is(err, curlew.Unimplemented), errors.Is(err, curlew.PermissionDenied), errors.Is(err, curlew.NotFound):
		advice := "Calls do not need it. The commands that do take --proto or --descriptor-set; a Curlew server offers it to others than its own machine with server.WithReflection()."
		e.report.add("reflection", warn, advice, "the server does not tell its services")
		if e.report.Method != "" {
			e.report.add("method", warn, "Call it.", "whether there is %s cannot be seen without reflection", e.report.Method)
		}
		return errors.Is(err, curlew.PermissionDenied)
	case err != nil:
		return e.unasked("reflection", err)
	}
	slices.Sort(services)
	e.report.add("reflection", ok, "", "the server has %s", list(services))
	if e.report.Method != "" {
		e.method(ctx, asked, services)
	}
	return true
}

// maxListed bounds how many names stand in one line.
const maxListed = 8

func list(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// method looks for the method among the server's services.
func (e *exam) method(ctx context.Context, asked *reflection.Client, services []string) {
	service, name := curlew.SplitName(e.report.Method)
	if !slices.Contains(services, service) {
		e.report.add("method", fail, meant(service, services), "the server has no service %q", service)
		return
	}
	files, err := asked.Files(ctx, service)
	if err != nil {
		e.unasked("method", err)
		return
	}
	sd := serviceIn(files, service)
	if sd == nil {
		e.report.add("method", warn, "Call it.", "the server's reflection does not describe %s", service)
		return
	}
	m := sd.Methods().ByName(protoreflect.Name(name))
	if m == nil {
		var names []string
		for i := range sd.Methods().Len() {
			names = append(names, service+"/"+string(sd.Methods().Get(i).Name()))
		}
		e.report.add("method", fail, meant(service+"/"+name, names), "%s has no method %q", service, name)
		return
	}
	e.report.add("method", ok, "", "%s: %s, takes %s, returns %s", e.report.Method, kind(m), m.Input().FullName(), m.Output().FullName())
}

// meant asks whether another name was meant.
func meant(name string, names []string) string {
	if near := source.Nearest(name, names); len(near) > 0 {
		return "Did you mean " + strings.Join(near, " or ") + "?"
	}
	return "There are " + list(names) + "."
}

func serviceIn(files *protoregistry.Files, name string) protoreflect.ServiceDescriptor {
	d, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	sd, _ := d.(protoreflect.ServiceDescriptor)
	return sd
}

func kind(m protoreflect.MethodDescriptor) string {
	switch {
	case m.IsStreamingClient() && m.IsStreamingServer():
		return "a stream both ways"
	case m.IsStreamingClient():
		return "a stream of requests"
	case m.IsStreamingServer():
		return "a stream of replies"
	}
	return "unary"
}
