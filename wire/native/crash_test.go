// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// crashing is a dispatcher that crashes in the read loop.
type crashing struct {
	*idle
	crash func()
}

func (d crashing) Lookup(string, string, wire.Attributes) (*wire.Target, error) {
	d.crash()
	return nil, curlew.Unimplemented
}

// TestCrashInReadLoop checks that a bug which ends the read loop's goroutine ends
// the connection, all of it, and nothing else.
func TestCrashInReadLoop(t *testing.T) {
	for name, crash := range map[string]func(){
		"panic":  func() { panic("a bug") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			near, far := mem.Pipe()
			served := make(chan error, 1)
			go func() {
				served <- New().Serve(context.Background(), &wire.Conn{
					Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: wire.Limits{}.WithDefaults(),
					Logger: slog.New(slog.NewTextHandler(&log, nil)), Draining: make(chan struct{}),
				}, crashing{&idle{}, crash})
			}()
			if _, err := near.Write(join(hello(), call(1, 1, "S/M", curlew.KindUnary, flagMessage|flagEnd))); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, near); err != nil {
				t.Errorf("read until the server closes: %v", err)
			}
			if err := <-served; err == nil || !strings.Contains(err.Error(), "panic in the read loop") {
				t.Errorf("Serve: %v", err)
			}
			if !strings.Contains(log.String(), "panic while serving a connection") {
				t.Errorf("logged: %s", log.String())
			}
		})
	}
}
