// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
)

// tour calls the host in every way.
type tour struct {
	ctx    context.Context
	out    *printer
	host   *host
	curlew string // the command; "" without it
	files  []string

	stop    stop // where it is
	number  int  // of the stop
	checked int  // calls
	wrong   []string
}

// stop is a protocol and a client that speaks it.
type stop struct {
	protocol, client string
	calls            func(*tour) error // the error is why there were no more calls
}

// stops returns the stops of the tour.
func stops() []stop {
	return []stop{
		{"native", "Curlew, TCP", (*tour).nativeTCP},
		{"native", "Curlew, TLS", (*tour).nativeTLS},
		{"native", "Curlew, Unix socket", (*tour).nativeUnix},
		{"net/rpc gob", "Go net/rpc", (*tour).goNetRPC},
		{"net/rpc gob", "Go net/rpc, DialHTTP", (*tour).goNetRPCOverHTTP},
		{"net/rpc gob", "Curlew", (*tour).curlewNetRPC},
		{"net/rpc gob", "Curlew, to Go's server", (*tour).curlewToGoServer},
		{"JSON-RPC 1.0", "Go net/rpc/jsonrpc", (*tour).goJSONRPC},
		{"JSON-RPC 1.0", "Curlew", (*tour).curlewJSONRPC1},
		{"JSON-RPC 2.0", "a bare socket", (*tour).rawJSONRPC},
		{"JSON-RPC 2.0", "Go net/http", (*tour).httpJSONRPC},
		{"JSON-RPC 2.0", "Curlew", (*tour).curlewJSONRPC2},
		{"gRPC", "Curlew, TCP", (*tour).grpcTCP},
		{"gRPC", "Curlew, TLS", (*tour).grpcTLS},
		{"gRPC-Web", "Curlew, HTTP/1.1", (*tour).grpcWeb},
		{"Connect JSON", "Curlew, HTTP/2", (*tour).connectHTTP2},
		{"Connect JSON", "Go net/http, HTTP/2", (*tour).goHTTP2},
		{"Connect JSON", "Go net/http", (*tour).httpJSON},
		{"Connect JSON", "Go net/http, TLS", (*tour).httpsJSON},
		{"Connect proto", "Go net/http", (*tour).httpProto},
		{"Connect JSON", "Curlew", (*tour).curlewConnectJSON},
		{"Connect proto", "Curlew, TLS", (*tour).curlewConnectProto},
	}
}

// stops returns the stops of this tour.
func (t *tour) stops() []stop {
	all := stops()
	if t.curlew != "" {
		all = append(all, stop{"as it comes", "the command curlew", (*tour).commands})
	}
	return all
}

// run makes the tour and tells how it went.
func (t *tour) run() {
	begin := time.Now()
	t.out.head()
	for i, s := range t.stops() {
		if t.ctx.Err() != nil {
			return
		}
		t.stop, t.number = s, i+1
		if err := s.calls(t); err != nil {
			t.check("(all calls)", "", func(context.Context) (string, error) { return "", err })
		}
	}
	if len(t.wrong) == 0 {
		t.out.printf("\n%s\n", t.out.paint(green, fmt.Sprintf("All %d answers are right, in %s.", t.checked, duration(time.Since(begin)))))
		return
	}
	t.out.printf("\n%s\n", t.out.paint(red, fmt.Sprintf("%d of %d answers are wrong:", len(t.wrong), t.checked)))
	for _, w := range t.wrong {
		t.out.printf("  %s\n", w)
	}
}

// check makes a call, prints it and compares its answer. An error is an answer,
// too: "error: " and its text.
func (t *tour) check(call, want string, f func(ctx context.Context) (string, error)) {
	t.out.progress("[%d/%d] %s, %s: %s ...", t.number, len(t.stops()), t.stop.protocol, t.stop.client, call)
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	begin := time.Now()
	got, err := f(ctx)
	took := time.Since(begin)
	if err != nil {
		got = "error: " + err.Error()
	}
	if t.ctx.Err() != nil {
		return // interrupted: whatever it is, it is no answer
	}
	t.checked++
	right := got == want
	t.out.row(right, t.stop.protocol, t.stop.client, call, got, took)
	if !right {
		t.wrong = append(t.wrong, fmt.Sprintf("%s, %s, %s: got %q, want %q", t.stop.protocol, t.stop.client, call, got, want))
	}
}

// dial runs calls with a Curlew client of target.
func (t *tour) dial(target string, opts []client.Option, calls func(*client.Client)) error {
	c, err := client.New(target, opts...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		return errors.Join(err, c.Close())
	}
	calls(c)
	return c.Close()
}

// code returns the name of an error's code as the answer, for errors whose text
// depends on circumstances.
func code(err error) (string, error) {
	if err == nil {
		return "", errors.New("the call did not fail")
	}
	return curlew.CodeOf(err).String(), nil
}

// end returns nil for the end of a stream.
func end(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
