// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package shoptest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/server"
)

// Serve serves the shop on a port of its own until the test ends, and returns
// the address.
func Serve(t testing.TB, options ...server.Option) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ServeListener(t, l, options...)
	return l.Addr().String()
}

// ServeListener serves the shop until the test ends.
func ServeListener(t testing.TB, l net.Listener, options ...server.Option) {
	t.Helper()
	s, err := server.New(append(options, server.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err == nil {
		err = s.Register(shop())
	}
	if err != nil {
		l.Close()
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }() // the cleanup waits for it
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
}

// Result is what a command has done.
type Result struct {
	Status   int
	Out, Err string
}

// Run runs a command with nothing on its standard input.
func Run(t testing.TB, command func(*cli.Env) *cobra.Command, args ...string) Result {
	t.Helper()
	return RunIn(t, strings.NewReader(""), new(cli.Env), command, args...)
}

// RunIn runs a command with a standard input, in an environment of which the
// streams are set here.
func RunIn(t testing.TB, in io.Reader, env *cli.Env, command func(*cli.Env) *cobra.Command, args ...string) Result {
	t.Helper()
	var out, err bytes.Buffer
	env.In, env.Out, env.Err = in, &out, &err
	status := env.Run(t.Context(), env.Root("curlew", "", command(env)), args)
	return Result{status, out.String(), err.String()}
}
