// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/rpc"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/examples/guide"
	"github.com/curlewrpc/curlew/examples/internal/tcptest"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/h1"
)

const token = "s3cret"

func plenty(context.Context, string) (int, error) { return 100, nil }

// start serves orders in memory.
func start(t *testing.T, stock guide.Stock) *curlewtest.Server {
	t.Helper()
	s, err := guide.NewServer(guide.Orders{Stock: stock}, token, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return curlewtest.Start(t, s)
}

func TestMetadata(t *testing.T) {
	c := start(t, plenty).Client(client.WithInterceptors(guide.WithToken(token)))
	ctx := t.Context()
	// [metadata-client]
	var receipt guide.Receipt
	var header, trailer curlew.Header
	err := c.Call(ctx, "Orders.Place", guide.Order{Item: "tea", Count: 2}, &receipt,
		curlew.WithHeader("tenant", "acme"),
		curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
	// [/metadata-client]
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Text != "tea for acme" || header.Get("warehouse") != "north" || trailer.Get("cost") != "3" {
		t.Errorf("got %+v, header %v, trailer %v", receipt, header, trailer)
	}
	err = c.Call(ctx, "Orders.Place", guide.Order{Item: "tea", Count: 2}, &receipt)
	if !errors.Is(err, curlew.InvalidArgument) {
		t.Errorf("an order of nobody gives %v, want invalid_argument", err)
	}
}

func TestInterceptors(t *testing.T) {
	var log bytes.Buffer
	s, err := guide.NewServer(guide.Orders{Stock: plenty}, token, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	served := curlewtest.Start(t, s)
	stranger, friend := served.Client(), served.Client(client.WithInterceptors(guide.WithToken(token)))
	var receipt guide.Receipt
	err = stranger.Call(t.Context(), "Orders.Place", guide.Order{}, &receipt)
	if !errors.Is(err, curlew.Unauthenticated) {
		t.Errorf("without a token: %v, want unauthenticated", err)
	}
	var ready bool
	if err := stranger.Call(t.Context(), "Orders.Ready", struct{}{}, &ready); err != nil || !ready {
		t.Errorf("what anybody may call: %v, %v", ready, err)
	}
	err = friend.Call(t.Context(), "Orders.Place", guide.Order{Count: 200}, &receipt, curlew.WithHeader("tenant", "acme"))
	if !errors.Is(err, curlew.FailedPrecondition) {
		t.Errorf("with a token: %v, want failed_precondition", err)
	}
	if err := s.Shutdown(t.Context()); err != nil { // then all lines are written
		t.Fatal(err)
	}
	for _, want := range []string{"method=Orders/Place", "code=unauthenticated", "code=ok", "code=failed_precondition"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %s:\n%s", want, log.String())
		}
	}
}

// TestOtherFields: a client whose types bind a number to another field than the
// server's is told at the first call.
func TestOtherFields(t *testing.T) {
	c := start(t, plenty).Client(client.WithInterceptors(guide.WithToken(token)))
	order := struct{ Amount, Item string }{"2", "tea"}
	err := c.Call(t.Context(), "Orders.Place", &order, new(guide.Receipt), curlew.WithHeader("tenant", "acme"))
	if err == nil || !strings.Contains(err.Error(), "Amount") || !strings.Contains(err.Error(), "Item") {
		t.Errorf("an order with other fields gives %v, want an error that names them", err)
	}
	t.Log(err)
}

// TestDeadline: the caller's deadline reaches the handler, and what it calls.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan time.Duration, 1)
		stuck := func(ctx context.Context, _ string) (int, error) {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}
		c := start(t, stuck).Client(client.WithInterceptors(guide.WithToken(token)))
		// [deadline]
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var receipt guide.Receipt
		err := c.Call(ctx, "Orders.Place", guide.Order{Item: "tea"}, &receipt, curlew.WithHeader("tenant", "acme"))
		if errors.Is(err, context.DeadlineExceeded) {
			// curlew.ErrorOf(err).Origin() tells whether this side gave up or the server did.
		}
		// [/deadline]
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call gives %v, want deadline_exceeded", err)
		}
		if d := <-left; d <= time.Second || d > 2*time.Second+time.Millisecond {
			t.Errorf("the handler had %v, want 2 s", d)
		}
	})
}

// TestRetryable asks an error whether a second try is safe.
func TestRetryable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := start(t, plenty)
		c := served.Client()
		served.CutAfter(0)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var ready bool
		err := c.Call(ctx, "Orders.Ready", struct{}{}, &ready)
		if err == nil {
			t.Fatal("a call over a cut line succeeded")
		}
		// [error-facts]
		e := curlew.ErrorOf(err)
		facts := []any{
			e.Code(),      // what happened: unavailable, not_found, ...
			e.Origin(),    // who made the error: local (this side), server, or transport (what is between)
			e.Progress(),  // how far the call got: not_sent, maybe_sent, refused, answered
			e.Retryable(), // whether another try cannot run the call twice
		}
		// [/error-facts]
		if !e.Retryable() {
			t.Errorf("%v cannot be retried (%v), though nothing was sent", err, facts)
		}
	})
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS := curlewtest.TLS(t)
	service, err := curlew.Reflect(guide.Orders{Stock: plenty})
	if err != nil {
		t.Fatal(err)
	}
	s, err := guide.NewTLSServer(serverTLS, service)
	if err != nil {
		t.Fatal(err)
	}
	address := tcptest.Start(t, s)
	// [tls-client]
	c, err := client.New(address, client.WithTLS(clientTLS))
	// [/tls-client]
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var ready bool
	if err := c.Call(t.Context(), "Orders.Ready", struct{}{}, &ready); err != nil || !ready {
		t.Errorf("over TLS: %v, %v", ready, err)
	}
}

// TestOnePort speaks three protocols to one port.
func TestOnePort(t *testing.T) {
	s, err := guide.NewServer(guide.Orders{Stock: plenty}, token, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	address := tcptest.Start(t, s)
	get := func(path string) string {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(body))
	}
	if got := get("/healthz"); got != "ok" {
		t.Errorf("the handler of other requests answers %q, want ok", got)
	}
	old, err := rpc.Dial("tcp", address) // net/rpc, from the standard library
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var ready bool
	err = old.Call("Orders.Ready", &struct{}{}, &ready)
	if err != nil || !ready {
		t.Errorf("net/rpc: %v, %v", ready, err)
	}
	// [protocol]
	c, err := client.New(address, client.WithProtocol(connect.NewClient(h1.Dial, json.New())))
	// [/protocol]
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ready = false
	if err := c.Call(t.Context(), "Orders.Ready", struct{}{}, &ready); err != nil || !ready {
		t.Errorf("Connect: %v, %v", ready, err)
	}
}

func TestRun(t *testing.T) {
	s, err := guide.NewServer(guide.Orders{Stock: plenty}, token, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := guide.Run(ctx, s, slog.New(slog.DiscardHandler), "127.0.0.1:0"); err != nil {
		t.Errorf("a server that is stopped at once: %v", err)
	}
}
