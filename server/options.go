// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/cors"
)

// Option changes a server from its defaults. [New] reports what is wrong with
// its value.
type Option func(*options)

type options struct {
	dispatch        dispatch.Config
	framings        []wire.Framing
	httpProtocols   []wire.HTTPProtocol
	httpHandler     http.Handler
	routes          bool // of google.api.http are served
	compressors     []compress.Compressor
	cors            cors.Config
	health          *health.Health
	reflection      audience
	limits          wire.Limits
	maxConnections  int
	tls             *tls.Config
	allowPlaintext  bool
	trustedProxies  []netip.Prefix
	shutdownTimeout time.Duration
	drainDelay      time.Duration // negative: the default
	announcements   []announcement
	errs            []error
}

func newOptions(opts []Option) (*options, error) {
	o := &options{shutdownTimeout: 30 * time.Second, drainDelay: -1}
	o.dispatch.Methods = make(map[string]dispatch.MethodConfig)
	for i, opt := range opts {
		if opt == nil {
			o.fail("option %d is nil", i)
			continue
		}
		opt(o)
	}
	if o.dispatch.Logger == nil {
		o.dispatch.Logger = quietLogger()
	}
	if i := slices.Index(o.framings, nil); i >= 0 {
		o.fail("WithFramings: framing %d is nil", i)
	}
	if i := slices.Index(o.httpProtocols, nil); i >= 0 {
		o.fail("WithHTTPProtocols: protocol %d is nil", i)
	}
	if o.allowPlaintext && o.tls == nil {
		o.fail("AllowPlaintext without WithTLS: plaintext is all there is")
	}
	if o.framings != nil && (o.httpHandler != nil || o.httpProtocols != nil) {
		o.fail("WithFramings replaces HTTP too: give the HTTP protocols and handler to the HTTP framings in it")
	}
	if o.httpProtocols != nil && o.compressors != nil {
		o.fail("WithHTTPProtocols replaces the protocols: give the compressors of WithCompressors to those in it")
	}
	if o.reflection == local {
		o.dispatch.Methods = restrict(o.dispatch.Methods)
	}
	return o, errors.Join(o.errs...)
}

// complete fills in the protocols that no option has chosen.
func (o *options) complete(services func() []*curlew.Service) {
	if o.httpProtocols == nil {
		o.httpProtocols, o.routes = defaultHTTPProtocols(services, o.compressors), true
	}
	o.httpProtocols = o.cors.Protect(o.httpProtocols)
	if o.framings == nil {
		o.framings = defaultFramings(o)
	}
}

// audience is who may ask for reflection.
type audience uint8

const (
	local audience = iota
	everybody
	hidden
)

// restrict lets reflection answer on this machine only.
func restrict(methods map[string]dispatch.MethodConfig) map[string]dispatch.MethodConfig {
	for _, service := range []string{reflection.V1, reflection.V1Alpha} {
		c := methods[service+"/*"]
		c.Interceptors = append([]curlew.Interceptor{reflection.LoopbackOnly}, c.Interceptors...)
		methods[service+"/*"] = c
	}
	return methods
}

func (o *options) fail(format string, args ...any) {
	o.errs = append(o.errs, fmt.Errorf(format, args...))
}

// WithInterceptors runs interceptors around every call, the first outermost.
func WithInterceptors(interceptors ...curlew.Interceptor) Option {
	return func(o *options) { o.dispatch.Interceptors = append(o.dispatch.Interceptors, interceptors...) }
}

// MethodConfig configures a method, or all methods of a service.
type MethodConfig = dispatch.MethodConfig

// WithMethod configures the method "pkg.Service/Method", or by "pkg.Service/*"
// each method of a service that has no configuration of its own for a field.
func WithMethod(name string, c MethodConfig) Option {
	return func(o *options) {
		if _, ok := o.dispatch.Methods[name]; ok {
			o.fail("WithMethod is given twice for %q", name)
		}
		o.dispatch.Methods[name] = c
	}
}

// WithMaxConcurrent lets n calls, streams too, run at the same time and queue
// more wait, each until its deadline; further ones are refused with
// [curlew.ResourceExhausted], which clients may retry. Without it there is no
// bound but that of connections and their streams.
func WithMaxConcurrent(n, queue int) Option {
	return func(o *options) {
		if n <= 0 {
			o.fail("WithMaxConcurrent(%d, %d): the number of calls must be positive", n, queue)
		}
		o.dispatch.MaxConcurrent, o.dispatch.MaxQueue = n, queue
	}
}

// HidePlainErrors keeps the text of errors that are no [curlew.Error] from
// peers, and logs it instead.
func HidePlainErrors() Option {
	return func(o *options) { o.dispatch.HidePlainErrors = true }
}

// WithLogger replaces the quiet default logger, which hands warnings and errors
// (panics of handlers, refused connections) to slog.Default and drops the rest.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) {
		if l == nil {
			o.fail("WithLogger(nil): slog.New(slog.DiscardHandler) is the logger that drops everything")
		}
		o.dispatch.Logger = l
	}
}

// WithFramings replaces the protocols that the server speaks; the first that
// knows a connection's first bytes gets it.
func WithFramings(framings ...wire.Framing) Option {
	return func(o *options) {
		if len(framings) == 0 {
			o.fail("WithFramings needs a framing")
		}
		o.framings = append(o.framings, framings...)
	}
}

// WithHTTPProtocols replaces the protocols that the server speaks over HTTP;
// the first that knows a request gets it.
func WithHTTPProtocols(protocols ...wire.HTTPProtocol) Option {
	return func(o *options) {
		if len(protocols) == 0 {
			o.fail("WithHTTPProtocols needs a protocol")
		}
		o.httpProtocols = append(o.httpProtocols, protocols...)
	}
}

// WithHTTPHandler answers HTTP requests that are no RPC by h instead of by
// 404 Not Found.
func WithHTTPHandler(h http.Handler) Option {
	return func(o *options) { o.httpHandler = h }
}

// WithCompressors adds to the compression that the HTTP protocols take and
// send; they all know gzip. The first that a client accepts is used, gzip last.
func WithCompressors(c ...compress.Compressor) Option {
	return func(o *options) {
		if slices.Contains(c, nil) {
			o.fail("WithCompressors: a compressor is nil")
		}
		o.compressors = append(o.compressors, c...)
	}
}

// WithCORS lets web pages of other origins call the server from browsers.
// Without it only pages of its own origin may.
func WithCORS(c cors.Config) Option {
	return func(o *options) {
		if err := c.Validate(); err != nil {
			o.errs = append(o.errs, fmt.Errorf("WithCORS: %w", err))
		}
		o.cors = c
	}
}

// WithHealth answers health checks (grpc.health.v1) by h. Without it every
// service is serving from its Register until the server drains.
func WithHealth(h *health.Health) Option {
	return func(o *options) {
		if h == nil {
			o.fail("WithHealth(nil): health.New makes one")
		}
		o.health = h
	}
}

// WithReflection lets anybody ask which services and messages the server has
// (grpc.reflection.v1 and v1alpha). Without it only clients on the same machine
// may, whose connection is to a loopback address or no network connection.
func WithReflection() Option {
	return func(o *options) { o.reflection = everybody }
}

// WithoutReflection leaves the reflection services out.
func WithoutReflection() Option {
	return func(o *options) { o.reflection = hidden }
}

// WithFallback answers calls of methods that are not registered by h, if their
// protocol can pass messages undecoded: forward.To(client) sends them on to
// another server.
func WithFallback(h curlew.Handler) Option {
	return func(o *options) {
		if h == nil {
			o.fail("WithFallback(nil): forward.To makes a handler")
		}
		o.dispatch.Fallback = h
	}
}

// WithLimits bounds what one connection may cost.
func WithLimits(l wire.Limits) Option {
	return func(o *options) {
		if err := l.Validate(); err != nil {
			o.errs = append(o.errs, fmt.Errorf("WithLimits: %w", err))
		}
		o.limits = l
	}
}

// WithMaxConnections bounds the connections that each listener has at the same
// time. One too many is closed at once, so that its client tries another server.
func WithMaxConnections(n int) Option {
	return func(o *options) {
		if n <= 0 {
			o.fail("WithMaxConnections(%d): the number must be positive", n)
		}
		o.maxConnections = n
	}
}

// WithTLS serves TLS by c, which the server copies. Plaintext is refused on the
// same ports, unless [AllowPlaintext] is given. Unix sockets take both.
func WithTLS(c *tls.Config) Option {
	return func(o *options) {
		if c == nil || len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
			o.fail("WithTLS needs a tls.Config with Certificates, GetCertificate or GetConfigForClient")
		}
		o.tls = c
	}
}

// AllowPlaintext lets clients speak plaintext on ports that have TLS.
func AllowPlaintext() Option {
	return func(o *options) { o.allowPlaintext = true }
}

// WithProxyProtocol takes the PROXY protocol (v1 and v2) from peers whose
// address is in one of the prefixes: their connections must begin with it and
// the address in it becomes the call's peer.
func WithProxyProtocol(trusted ...netip.Prefix) Option {
	return func(o *options) {
		if len(trusted) == 0 {
			o.fail("WithProxyProtocol needs the address ranges of the proxies to trust")
		}
		for _, p := range trusted {
			if !p.IsValid() {
				o.fail("WithProxyProtocol: a prefix is not valid; netip.ParsePrefix makes one")
			}
		}
		o.trustedProxies = append(o.trustedProxies, trusted...)
	}
}

// WithShutdownTimeout replaces the 30 s that calls in flight have to end when
// Serve's context has ended. 0 cuts them at once.
func WithShutdownTimeout(d time.Duration) Option {
	return func(o *options) {
		if d < 0 {
			o.fail("WithShutdownTimeout(%v): the time is negative", d)
		}
		o.shutdownTimeout = d
	}
}

// WithRegistrar announces the server to r as an instance of the named service,
// from when it serves until a shutdown begins, as long as the health of the whole
// server, "", is [health.Serving]: readiness decides. It may be given several
// times.
//
// An endpoint without an address gets that of the first TCP listener; if that
// listens at all addresses (":8080"), this machine's own. Where clients reach the
// server by another one, behind a NAT or a mapped port, say so in e.
//
// A registry that does not answer stops nothing: that is logged and tried again.
// A server that is only an [http.Handler] is not announced.
func WithRegistrar(r discovery.Registrar, service string, e discovery.Endpoint) Option {
	return func(o *options) {
		switch {
		case r == nil:
			o.fail("WithRegistrar: the registrar is nil")
		case service == "":
			o.fail("WithRegistrar: the name of the service is empty")
		case e.Weight < 0:
			o.fail("WithRegistrar: weight %d is negative", e.Weight)
		case e.Address != "" && (e.Network == "" || e.Network == "tcp"):
			if _, err := discovery.ParseEndpoint(e.Address); err != nil {
				o.fail("WithRegistrar: %w", err)
			} else if strings.HasPrefix(e.Address, ":") {
				o.fail("WithRegistrar: address %q has no host; leave it empty for this machine's, or write where clients reach the server", e.Address)
			}
		}
		e.Labels = maps.Clone(e.Labels)
		o.announcements = append(o.announcements, announcement{r, service, e})
	}
}

// defaultDrainDelay is longer than clients that watch a registry need to notice.
const defaultDrainDelay = 200 * time.Millisecond

// WithDrainDelay replaces the time that a server whose shutdown has begun still
// takes calls and connections, having left its registries and answering health
// checks with [health.NotServing]: 200 ms for one that was registered, else 0.
// Curlew's clients need none of it; it is for what notices late, such as a proxy
// that asks for health every few seconds. It is part of the time that a shutdown
// may take.
func WithDrainDelay(d time.Duration) Option {
	return func(o *options) {
		if d < 0 {
			o.fail("WithDrainDelay(%v): the time is negative", d)
		}
		o.drainDelay = d
	}
}
