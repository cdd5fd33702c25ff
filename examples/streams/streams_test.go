// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package streams_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/examples/streams"
	"github.com/curlewrpc/curlew/server"
)

func services(t *testing.T) []*curlew.Service {
	t.Helper()
	var services []*curlew.Service
	for _, receiver := range []any{streams.Ticker{}, streams.Uploads{}, new(streams.Chat)} {
		s, err := curlew.Reflect(receiver)
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, s)
	}
	return services
}

func serve(t *testing.T) streams.Client {
	t.Helper()
	return streams.Client{Caller: curlewtest.Serve(t, services(t)...)}
}

// TestTicker runs in a bubble: an hour of ticks takes no time.
func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t)
		begin := time.Now()
		// [tick]
		ticks, err := c.Tick(t.Context(), &streams.TickRequest{Every: time.Minute, Count: 60})
		if err != nil {
			t.Fatal(err)
		}
		last := 0
		for tick, err := range ticks.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			last = tick.N
		}
		// [/tick]
		if took := time.Since(begin); last != 60 || took != time.Hour {
			t.Errorf("the last tick is %d after %v, want 60 after an hour", last, took)
		}
	})
}

func TestTickerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t)
		ticks, err := c.Tick(t.Context(), &streams.TickRequest{Count: 1})
		if err == nil {
			_, err = ticks.Receive(t.Context())
		}
		if !errors.Is(err, curlew.InvalidArgument) {
			t.Errorf("ticks without a pause give %v, want invalid_argument", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		ticks, err = c.Tick(ctx, &streams.TickRequest{Every: time.Minute, Count: 60})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ticks.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := ticks.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the deadline comes %v, want deadline_exceeded", err)
		}
	})
}

// TestDraining: a server that shuts down does not wait for an endless stream.
func TestDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := server.New()
		if err == nil {
			err = s.Register(services(t)...)
		}
		if err != nil {
			t.Fatal(err)
		}
		c := streams.Client{Caller: curlewtest.Start(t, s).Client()}
		ticks, err := c.Tick(t.Context(), &streams.TickRequest{Every: time.Minute, Count: 1e6})
		if err != nil {
			t.Fatal(err)
		}
		chat := enter(t, c, "Ada")
		if _, err := ticks.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if _, err := ticks.Receive(t.Context()); !errors.Is(err, curlew.Unavailable) {
			t.Errorf("the ticker ends with %v, want unavailable", err)
		}
		if _, err := chat.Receive(t.Context()); !errors.Is(err, curlew.Unavailable) {
			t.Errorf("the chat ends with %v, want unavailable", err)
		}
	})
}

func TestUpload(t *testing.T) {
	c := serve(t)
	for _, size := range []int{0, 1, 32 << 10, 1<<20 + 7} {
		data := bytes.Repeat([]byte("curlew "), size/7+1)[:size]
		receipt, err := c.Put(t.Context(), bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		want := streams.Receipt{Bytes: int64(size), SHA256: fmt.Sprintf("%x", sha256.Sum256(data))}
		if *receipt != want {
			t.Errorf("the receipt for %d bytes is %+v, want %+v", size, *receipt, want)
		}
	}
	broken := errors.New("the disk is broken")
	if _, err := c.Put(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken reader gives %v, want its error", err)
	}
}

// enter joins the chat and reads the room's greeting.
func enter(t *testing.T, c streams.Client, name string) curlew.Dialogue[streams.Line, streams.Line] {
	t.Helper()
	d, err := c.Join(t.Context())
	if err == nil {
		err = d.Send(t.Context(), &streams.Line{From: name})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	hear(t, d, "", name+" is here")
	return d
}

func hear(t *testing.T, d curlew.Dialogue[streams.Line, streams.Line], from, text string) {
	t.Helper()
	line, err := d.Receive(t.Context())
	if err != nil {
		t.Fatalf("waiting for %q: %v", text, err)
	}
	if line.From != from || !strings.Contains(line.Text, text) {
		t.Fatalf("heard %+v, want %q from %q", *line, text, from)
	}
}

func TestChat(t *testing.T) {
	c := serve(t)
	ada := enter(t, c, "Ada")
	grace := enter(t, c, "Grace")
	hear(t, ada, "", "Grace is here. Members: 2")
	if err := ada.Send(t.Context(), &streams.Line{Text: "Good morning"}); err != nil {
		t.Fatal(err)
	}
	hear(t, ada, "Ada", "Good morning")
	hear(t, grace, "Ada", "Good morning")
	if err := grace.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := grace.Receive(t.Context()); err != io.EOF {
		t.Errorf("who leaves gets %v, want io.EOF", err)
	}
	hear(t, ada, "", "Grace has left")
}

func TestChatShowsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t)
		d, err := c.Join(t.Context())
		if err == nil {
			err = d.Send(t.Context(), &streams.Line{Text: "I have no name"})
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Receive(t.Context()); !errors.Is(err, curlew.InvalidArgument) {
			t.Errorf("who has no name gets %v, want invalid_argument", err)
		}

		slow := enter(t, c, "Slow")
		fast := enter(t, c, "Fast")
		long := &streams.Line{Text: strings.Repeat("x", 64<<10)}
		gone := false
		for lines := 0; !gone; {
			if err := fast.Send(t.Context(), long); err != nil {
				t.Fatal(err)
			}
			if lines++; lines > 1000 {
				t.Fatal("a thousand long lines were not enough to lose who does not read")
			}
			line, err := fast.Receive(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			gone = line.Text == "Slow has left"
		}
		for {
			if _, err = slow.Receive(t.Context()); err != nil {
				break
			}
		}
		if !errors.Is(err, curlew.ResourceExhausted) {
			t.Errorf("who does not read gets %v, want resource_exhausted", err)
		}
	})
}
