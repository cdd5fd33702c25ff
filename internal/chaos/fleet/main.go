// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/server"
)

// Main is a server's process, if the arguments after the program's name say
// that this is one.
func Main(args []string) (is bool, status int) {
	if len(args) != 2 || args[0] != Flag {
		return false, 0
	}
	if err := serve(args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "replica:", err)
		return true, 1
	}
	return true, 0
}

func serve(text string, orders io.Reader, out io.Writer) error {
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx, stop := server.NotifyShutdown(context.Background())
	defer stop()
	notes := &notes{w: json.NewEncoder(out)}
	w := newWork(c)
	s, err := newServer(c, w, notes)
	if err != nil {
		return err
	}
	if err := s.Listen(ctx, c.Listen); err != nil {
		return err
	}
	notes.tell(note{Listening: s.Addrs()[0].String()})
	go obey(orders, w, notes) // it ends the process
	return s.Serve(ctx)
}

func newServer(c Config, w *work, notes *notes) (*server.Server, error) {
	var options []server.Option
	if c.Registry != "" {
		registry, err := OpenRegistry(c.Registry, c.TTL, slog.Default())
		if err != nil {
			return nil, err
		}
		known := announcer{registry, func() { notes.tell(note{Registered: true}) }}
		options = append(options, server.WithRegistrar(known, Service, discovery.Endpoint{}))
	}
	if c.Drain > 0 {
		options = append(options, server.WithDrainDelay(c.Drain))
	}
	if c.Shed {
		shed := resilience.Shed{Concurrency: resilience.Concurrency{Limit: c.Slots}}
		options = append(options, server.WithInterceptors(shed.New().Interceptor()))
	}
	s, err := server.New(options...)
	if err != nil {
		return nil, err
	}
	return s, s.Register(curlew.NewService(Service+".Fleet",
		curlew.Unary("Read", w.do, curlew.NoSideEffects),
		curlew.Unary("Write", w.do)))
}

// obey does what the orders say, and ends the process with them: then there is
// nobody left to serve.
func obey(orders io.Reader, w *work, notes *notes) {
	for d := json.NewDecoder(orders); ; {
		var o Order
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			os.Exit(1)
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "replica: an order that cannot be read:", err)
			os.Exit(1)
		}
		w.handle.Store(int64(o.Handle))
		notes.tell(note{Obeyed: true})
	}
}

// notes tells whoever started the server, a line for each note.
type notes struct {
	mu sync.Mutex
	w  *json.Encoder
}

func (n *notes) tell(what note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.w.Encode(what) // nobody who does not listen misses it
}

// work is what the handlers do.
type work struct {
	handle atomic.Int64 // a time.Duration
	slots  chan time.Duration
}

func newWork(c Config) *work {
	w := new(work)
	w.handle.Store(int64(c.Handle))
	if c.Slots > 0 {
		w.slots = make(chan time.Duration, c.Slots)
		for range c.Slots {
			w.slots <- 0
		}
	}
	return w
}

func (w *work) do(ctx context.Context, in *Request) (*Reply, error) {
	handle := time.Duration(w.handle.Load())
	if w.slots == nil {
		<-time.After(handle)
		return &Reply{Number: in.Number}, nil
	}
	// Timers are late by up to a millisecond. What a slot has slept too long it
	// sleeps less the next time, so that its capacity is what it is said to be.
	var over time.Duration
	select {
	case over = <-w.slots:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begin := time.Now()
	<-time.After(handle - over)
	over += time.Since(begin) - handle
	w.slots <- min(max(over, 0), handle)
	return &Reply{Number: in.Number}, nil
}
