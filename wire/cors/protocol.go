// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package cors

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Protect returns the protocols as they are for all but browsers. A call from a
// page of another origin is refused unless c allows it, also one for which the
// browser does not ask first; what it does ask is answered, if it is about a
// call. c must be valid.
func (c Config) Protect(protocols []wire.HTTPProtocol) []wire.HTTPProtocol {
	own := &Config{Credentials: c.Credentials, MaxAge: c.MaxAge}
	if own.MaxAge == 0 {
		own.MaxAge = defaultMaxAge
	}
	for _, origin := range c.Origins {
		own.Origins = append(own.Origins, canonicalOrigin(origin))
	}
	if c.Headers != nil {
		own.Headers = []string{}
	}
	for _, name := range c.Headers {
		own.Headers = append(own.Headers, strings.ToLower(name))
	}
	protected := make([]wire.HTTPProtocol, len(protocols))
	for i, p := range protocols {
		g := &guarded{HTTPProtocol: p, cors: own}
		protected[i] = g
		if _, ok := p.(httpwire.Prompt); ok {
			protected[i] = promptGuarded{g}
		}
	}
	return protected
}

// guarded is a protocol that browsers call only as cors allows.
type guarded struct {
	wire.HTTPProtocol
	cors *Config
}

// promptGuarded is one whose Serve does not wait.
type promptGuarded struct{ *guarded }

func (promptGuarded) Prompt() {}

// Match matches a preflight request as the one that it asks about.
func (g *guarded) Match(r *wire.HTTPRequest, d wire.Dispatcher) wire.Match {
	if asked := preflight(r); asked != nil {
		r = asked
	}
	return g.HTTPProtocol.Match(r, d)
}

// Serve implements [wire.HTTPProtocol].
func (g *guarded) Serve(ctx context.Context, x wire.Exchange, d wire.Dispatcher) {
	r := x.Request()
	origin := r.Fields.Get("origin")
	foreign := !sameOrigin(r, origin)
	switch {
	case foreign && !g.cors.allows(origin):
		refuseOrigin(x, origin)
	case origin != "" && preflight(r) != nil:
		g.cors.answer(x, origin)
	case foreign, len(g.cors.Origins) > 0 && isSafe(r.Method):
		// A cache may give the answer to a page of another origin later.
		g.HTTPProtocol.Serve(ctx, &sharedExchange{Exchange: x, cors: g.cors, origin: origin, foreign: foreign}, d)
	default:
		g.HTTPProtocol.Serve(ctx, x, d)
	}
}

// preflight returns the request that r asks about, nil if it asks about none
// ("CORS-preflight fetch").
func preflight(r *wire.HTTPRequest) *wire.HTTPRequest {
	if r.Method != http.MethodOptions || r.Fields.Get("origin") == "" {
		return nil
	}
	method := r.Fields.Get("access-control-request-method")
	if method == "" {
		return nil
	}
	asked := *r
	asked.Method = method
	asked.Fields = slices.Clone(r.Fields)
	if slices.Contains(askedHeaders(r), "x-grpc-web") { // gRPC-Web goes by the content type, which is not told
		asked.Fields.Add("content-type", "application/grpc-web")
	}
	return &asked
}

// askedHeaders returns the lower-case names of the fields that a preflight
// request asks about.
func askedHeaders(r *wire.HTTPRequest) []string {
	var names []string
	for _, f := range r.Fields {
		if f.Name != "access-control-request-headers" {
			continue
		}
		for name := range strings.SplitSeq(f.Value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); isToken(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// sameOrigin reports whether a request comes from a page of the server's own
// origin or from no page. Without the field Sec-Fetch-Site, which browsers since
// 2023 send, the host decides: behind a proxy the scheme may be another.
func sameOrigin(r *wire.HTTPRequest, origin string) bool {
	switch site := r.Fields.Get("sec-fetch-site"); {
	case site == "same-origin", site == "none":
		return true
	case origin == "": // a link or an image on a page; its answer is not for the page
		return site == "" || isSafe(r.Method)
	case site != "":
		return false
	}
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Authority)
}

// isSafe reports whether the method only reads (RFC 9110, section 9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func refuseOrigin(x wire.Exchange, origin string) {
	text := "403 forbidden: pages of the origin " + strconv.Quote(origin) + " may not call this server; its option WithCORS can allow it.\n"
	fields := wire.Fields{{Name: "content-type", Value: "text/plain; charset=utf-8"}, {Name: "vary", Value: "origin"}}
	if x.Respond(http.StatusForbidden, fields) == nil {
		_ = x.End([]byte(text), nil)
	}
}

// answer answers a preflight request of an origin that may call.
func (c *Config) answer(x wire.Exchange, origin string) {
	r := x.Request()
	var headers []string
	for _, name := range askedHeaders(r) {
		if c.allowsHeader(name) {
			headers = append(headers, name)
		}
	}
	fields := c.appendOrigin(nil, origin)
	if method := r.Fields.Get("access-control-request-method"); isToken(method) {
		fields.Add("access-control-allow-methods", method)
	}
	if len(headers) > 0 {
		fields.Add("access-control-allow-headers", strings.Join(headers, ", "))
	}
	fields.Add("access-control-max-age", strconv.Itoa(int(c.MaxAge.Seconds())))
	fields.Add("vary", "access-control-request-method, access-control-request-headers")
	if x.Respond(http.StatusNoContent, fields) == nil {
		_ = x.End(nil, nil)
	}
}

// appendOrigin appends what tells the browser that an origin may call.
func (c *Config) appendOrigin(f wire.Fields, origin string) wire.Fields {
	if slices.Contains(c.Origins, anyOrigin) && !c.Credentials {
		return append(f, wire.Field{Name: "access-control-allow-origin", Value: anyOrigin})
	}
	f = append(f, wire.Field{Name: "access-control-allow-origin", Value: origin}, wire.Field{Name: "vary", Value: "origin"})
	if c.Credentials {
		f = append(f, wire.Field{Name: "access-control-allow-credentials", Value: "true"})
	}
	return f
}

// sharedExchange is an exchange whose response a page of another origin may
// read, now or from a cache.
type sharedExchange struct {
	wire.Exchange
	cors    *Config
	origin  string
	foreign bool
}

// Respond implements [wire.Exchange]. All fields are for the page, since
// metadata may have any name.
func (x *sharedExchange) Respond(status int, fields wire.Fields) error {
	exposed := exposedNames(fields)
	switch {
	case x.foreign, slices.Contains(x.cors.Origins, anyOrigin):
		fields = x.cors.appendOrigin(fields, x.origin)
		if exposed != "" {
			fields = append(fields, wire.Field{Name: "access-control-expose-headers", Value: exposed})
		}
	default:
		fields = append(fields, wire.Field{Name: "vary", Value: "origin"})
	}
	return x.Exchange.Respond(status, fields)
}

// exposedNames lists the fields that pages see only if they are named
// ("CORS-safelisted response-header name").
func exposedNames(f wire.Fields) string {
	var names []string
	for i := range f {
		switch name := f[i].Name; name {
		case "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma", "vary":
		default:
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}
