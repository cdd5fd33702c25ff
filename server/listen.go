// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"syscall"

	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/transport/proxyproto"
	"github.com/curlewrpc/curlew/wire"
)

// Listen binds addresses, all or none, for the next Serve to serve: "host:port",
// ":8080" for every interface, ":0" for any free port, "unix:///run/app.sock".
// When it returns, clients may connect, and [Server.Addrs] tells where.
func (s *Server) Listen(ctx context.Context, addrs ...string) error {
	if len(addrs) == 0 {
		return errors.New(`server: Listen needs an address, such as ":8080" or "unix:///run/app.sock"`)
	}
	var sources []wire.Source
	var errs []error
	for _, addr := range addrs {
		source, err := s.listen(ctx, addr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sources = append(sources, source)
	}
	if len(errs) == 0 && !s.keep(sources) {
		errs = append(errs, errShutDown)
	}
	err := errors.Join(errs...)
	if err != nil {
		closeAll(sources)
	}
	return err
}

// keep has the next Serve serve sources, and reports whether there can be one.
func (s *Server) keep(sources []wire.Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return false
	}
	s.bound = append(s.bound, sources...)
	return true
}

func (s *Server) listen(ctx context.Context, addr string) (*wire.Listener, error) {
	l, err := transport.Listen(ctx, addr, transport.ListenOptions{})
	if err != nil {
		return nil, fmt.Errorf("server: listen: %s%w", cure(err), err)
	}
	source, err := s.source(l)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return source, nil
}

// source returns a source of the connections that l accepts.
func (s *Server) source(l net.Listener) (*wire.Listener, error) {
	o := s.options
	config := wire.ListenerConfig{
		Framings:       o.framings,
		TLS:            o.tls,
		AllowPlaintext: o.allowPlaintext,
		Limits:         o.limits,
		MaxConnections: o.maxConnections,
		Logger:         s.logger,
	}
	if o.tls != nil && l.Addr().Network() == "unix" {
		config.AllowPlaintext = true
	}
	if o.trustedProxies != nil {
		config.Proxy = o.readProxyHeader
	}
	source, err := wire.NewListener(l, config)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	return source, nil
}

// readProxyHeader is the Proxy of a [wire.ListenerConfig].
func (o *options) readProxyHeader(ctx context.Context, conn net.Conn) (source, destination net.Addr, prefix []byte, err error) {
	header, err := proxyproto.Config{Trusted: o.trustedProxies}.Read(ctx, conn)
	return header.Source, header.Destination, header.Prefix, err
}

// cure says what to do about an error of listening.
func cure(err error) string {
	switch {
	case isInUse(err):
		return `the address is in use; stop the process that has it, or choose another (port 0 is any free one): `
	case errors.Is(err, fs.ErrPermission):
		return "not permitted; ports below 1024 and some directories need rights that this process lacks: "
	default:
		return ""
	}
}

func isInUse(err error) bool {
	const windows syscall.Errno = 10048 // WSAEADDRINUSE
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, windows)
}
