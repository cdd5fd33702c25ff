// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// TestSignals ends another process by signals: this test's own program, which
// serves.
func TestSignals(t *testing.T) {
	const child = "CURLEW_TEST_SIGNALS"
	if os.Getenv(child) != "" {
		serveUntilSignal(t)
		return
	}
	for _, test := range []struct {
		name    string
		signals []syscall.Signal
		killed  bool
	}{
		{"SIGTERM", []syscall.Signal{syscall.SIGTERM}, false},
		{"interrupt", []syscall.Signal{syscall.SIGINT}, false},
		{"a second signal", []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			program := exec.Command(os.Args[0], "-test.run=^TestSignals$")
			program.Env = append(os.Environ(), child+"=1")
			out, err := program.StdoutPipe()
			assert.NoError(t, err)
			assert.NoError(t, program.Start())
			lines := bufio.NewScanner(out)
			assert.True(t, lines.Scan(), "the other process serves")
			c := connect(t, &wire.Remote{Network: "tcp", Address: lines.Text()})
			answered := make(chan error, 1)
			if test.killed {
				go func() { _, err := invoke(t.Context(), c, "Arith/Deaf", 1, 2); answered <- err }()
				assert.True(t, lines.Scan(), "the call has begun")
			}
			for i, signal := range test.signals {
				if i > 0 {
					assert.True(t, lines.Scan() && lines.Text() == "draining", lines.Text(), "the first signal is seen")
				}
				assert.NoError(t, program.Process.Signal(signal))
			}
			for lines.Scan() { // up to its end
			}
			err = program.Wait()
			if !test.killed {
				assert.NoError(t, err)
				return
			}
			var exit *exec.ExitError
			assert.True(t, errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM, "killed by SIGTERM:", err)
			assert.True(t, <-answered != nil, "the call was cut")
		})
	}
}

func serveUntilSignal(t *testing.T) {
	ctx, stop := server.NotifyShutdown(context.Background())
	defer stop()
	s := newServer(t, one(arith(curlew.Unary("Deaf", func(ctx context.Context, in *pair) (*sum, error) {
		fmt.Println("begun")
		<-curlew.CallFrom(ctx).Draining()
		fmt.Println("draining")
		<-time.After(time.Minute)
		return add(ctx, in)
	}))))
	assert.NoError(t, s.Listen(ctx, "127.0.0.1:0"))
	fmt.Println(s.Addrs()[0])
	assert.NoError(t, s.Serve(ctx))
}
