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
	"strings"
	"syscall"

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
	err := errors.Join(errs...)
	if err == nil {
		err = s.keep(sources)
	}
	if err != nil {
		for _, source := range sources {
			source.Close()
		}
	}
	return err
}

// keep has the next Serve serve sources.
func (s *Server) keep(sources []wire.Source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return errShutDown
	}
	s.bound = append(s.bound, sources...)
	return nil
}

func (s *Server) listen(ctx context.Context, addr string) (wire.Source, error) {
	network, address := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		network, address = "unix", path
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("server: listen on %q: %s%w", addr, cure(network, err), err)
	}
	source, err := s.source(l)
	if err != nil {
		l.Close()
	}
	return source, err
}

// cure says what to do about an error of Listen.
func cure(network string, err error) string {
	var bad *net.AddrError
	switch {
	case isInUse(err) && network == "unix":
		return "the socket file is there already; remove it if no process serves it, or choose another path: "
	case isInUse(err):
		return `the port is in use; stop the process that has it, or choose another port (":0" is any free one): `
	case errors.Is(err, fs.ErrPermission):
		return "not permitted; ports below 1024 may need rights that this process lacks, others need none: "
	case errors.As(err, &bad):
		return `write it as "host:port", ":8080" or "unix:///run/app.sock": `
	default:
		return ""
	}
}

func isInUse(err error) bool {
	const windows syscall.Errno = 10048 // WSAEADDRINUSE
	return errors.Is(err, syscall.EADDRINUSE) || runtime.GOOS == "windows" && errors.Is(err, windows)
}
