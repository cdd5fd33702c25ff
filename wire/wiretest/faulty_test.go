// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest_test

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/wiretest"
)

// faultVariable names the fault that TestFaulty has.
const faultVariable = "WIRETEST_FAULT"

// fault is a way to break a protocol and the case that must see it.
type fault struct {
	seenBy string
	// open replaces Session.Open, stream the stream that it returned.
	open   func(ctx context.Context, s wire.Session, call *curlew.Call) (wire.ClientStream, error)
	stream func(s wire.ClientStream) wire.ClientStream
	// serve replaces the server's run of a call.
	serve func(d wire.Dispatcher, in *wire.Incoming)
}

func faults() map[string]fault {
	return map[string]fault{
		"nothing": {},
		"trailers get lost": {seenBy: "metadata/reply", stream: func(s wire.ClientStream) wire.ClientStream {
			return noTrailer{s}
		}},
		"details get lost": {seenBy: "errors/details", stream: func(s wire.ClientStream) wire.ClientStream {
			return changedError{s, func(e *curlew.Error) *curlew.Error {
				return curlew.NewError(e.Code(), e.Message()).WithOrigin(e.Origin()).WithProgress(e.Progress())
			}}
		}},
		"every error was never sent": {seenBy: "cut/requests, reset", stream: func(s wire.ClientStream) wire.ClientStream {
			return changedError{s, func(e *curlew.Error) *curlew.Error { return e.WithProgress(curlew.NotSent) }}
		}},
		"every error is the server's": {seenBy: "deadline/of the caller", stream: func(s wire.ClientStream) wire.ClientStream {
			return changedError{s, func(e *curlew.Error) *curlew.Error { return e.WithOrigin(curlew.OriginServer) }}
		}},
		"messages get lost": {seenBy: "results/many messages in order", stream: func(s wire.ClientStream) wire.ClientStream {
			return &lossy{ClientStream: s}
		}},
		"deadlines stay at home": {seenBy: "deadline/propagated", open: func(ctx context.Context, s wire.Session, call *curlew.Call) (wire.ClientStream, error) {
			return s.Open(context.WithoutCancel(ctx), call)
		}},
		"senders never wait": {seenBy: "flow/handler that reads slowly", stream: func(s wire.ClientStream) wire.ClientStream {
			return &hoarder{ClientStream: s}
		}},
		"cancellation does not arrive": {seenBy: "cancel/ends the handler", serve: func(d wire.Dispatcher, in *wire.Incoming) {
			whole := *in.Target
			handler := whole.Handler
			whole.Handler = func(ctx context.Context, call *curlew.Call) error {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
				defer cancel()
				return handler(ctx, call)
			}
			in.Target = &whole
			d.Go(in)
		}},
		"a goroutine is left": {seenBy: "results/echo", open: func(ctx context.Context, s wire.Session, call *curlew.Call) (wire.ClientStream, error) {
			go func() { select {} }() // nobody ends it: that is the fault
			return s.Open(ctx, call)
		}},
	}
}

// TestFaults: each fault of a protocol is seen by the case that is there for it.
func TestFaults(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			seenBy := cmp.Or(f.seenBy, "(results|metadata|errors)")
			run := "TestFaulty/" + strings.ReplaceAll(seenBy, " ", "_") + "$/mem$"
			child := exec.CommandContext(ctx, program, "-test.run", run, "-test.timeout", "1m")
			child.Env = append(os.Environ(), faultVariable+"="+name)
			out, err := child.CombinedOutput()
			switch seen := strings.Contains(string(out), "--- FAIL: TestFaulty/"+strings.ReplaceAll(seenBy, " ", "_")); {
			case f.seenBy == "" && err != nil:
				t.Errorf("the suite fails although nothing is wrong:\n%s", out)
			case f.seenBy != "" && !seen:
				t.Errorf("the case %s passes although %s:\n%s", f.seenBy, name, out)
			}
		})
	}
}

// TestFaulty runs the suite over a native protocol with the fault that the
// environment names. TestFaults starts it.
func TestFaulty(t *testing.T) {
	f, ok := faults()[os.Getenv(faultVariable)]
	if !ok {
		t.Skip("only TestFaults runs this")
	}
	p := native.New()
	wiretest.Run(t, wiretest.Protocol{
		Name: "native", Framing: faultyFraming{p, f}, Client: faultyProtocol{p, f},
		Can: wiretest.Everything,
	})
}

type faultyProtocol struct {
	wire.Protocol
	fault fault
}

func (p faultyProtocol) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	s, err := p.Protocol.Connect(ctx, r)
	if err != nil {
		return nil, err
	}
	return faultySession{s, p.fault}, nil
}

type faultySession struct {
	wire.Session
	fault fault
}

func (s faultySession) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	open := s.Session.Open
	if s.fault.open != nil {
		open = func(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
			return s.fault.open(ctx, s.Session, call)
		}
	}
	stream, err := open(ctx, call)
	if err == nil && s.fault.stream != nil {
		stream = s.fault.stream(stream)
	}
	return stream, err
}

type faultyFraming struct {
	wire.Framing
	fault fault
}

func (f faultyFraming) Serve(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) error {
	return f.Framing.Serve(ctx, conn, faultyDispatcher{d, f.fault})
}

type faultyDispatcher struct {
	wire.Dispatcher
	fault fault
}

func (d faultyDispatcher) Go(in *wire.Incoming) {
	if d.fault.serve != nil {
		d.fault.serve(d.Dispatcher, in)
		return
	}
	d.Dispatcher.Go(in)
}

// noTrailer loses the trailer.
type noTrailer struct{ wire.ClientStream }

func (noTrailer) Trailer() *curlew.Header { return new(curlew.Header) }

// changedError changes each error.
type changedError struct {
	wire.ClientStream
	change func(*curlew.Error) *curlew.Error
}

func (s changedError) changed(err error) error {
	if e, ok := err.(*curlew.Error); ok {
		return s.change(e)
	}
	return err
}

func (s changedError) Wait(ctx context.Context) error { return s.changed(s.ClientStream.Wait(ctx)) }

func (s changedError) Receive(ctx context.Context, m any) error {
	return s.changed(s.ClientStream.Receive(ctx, m))
}

// lossy loses the hundredth message.
type lossy struct {
	wire.ClientStream
	sent int
}

func (s *lossy) Send(ctx context.Context, m any) error {
	if s.sent++; s.sent == 100 {
		return nil
	}
	return s.ClientStream.Send(ctx, m)
}

// hoarder takes messages without waiting and sends them at the end.
type hoarder struct {
	wire.ClientStream
	kept []any
}

func (s *hoarder) Send(_ context.Context, m any) error {
	s.kept = append(s.kept, m)
	return nil
}

func (s *hoarder) CloseSend() error {
	for _, m := range s.kept {
		if err := s.ClientStream.Send(context.Background(), m); err != nil {
			return err
		}
	}
	return s.ClientStream.CloseSend()
}
