// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/transport/mem"
)

// pipes are connected pairs of connections.
func pipes(t testing.TB) map[string]func() (near, far net.Conn) {
	stream := func(network, address string) func() (net.Conn, net.Conn) {
		return func() (net.Conn, net.Conn) {
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			near, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			return near, far
		}
	}
	return map[string]func() (net.Conn, net.Conn){
		"tcp":  stream("tcp", "127.0.0.1:0"),
		"unix": stream("unix", t.TempDir()+"/s"),
		"mem":  func() (net.Conn, net.Conn) { a, b := mem.Pipe(); return a, b },
	}
}

func TestIdleReader(t *testing.T) {
	for name, pipe := range pipes(t) {
		t.Run(name, func(t *testing.T) {
			near, far := pipe()
			defer near.Close()
			defer far.Close()
			r := transport.NewIdleReader(near, 1000)

			var got strings.Builder
			want := strings.Repeat("0123456789", 1000)
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(far, want)
				sent <- err
			}()
			for got.Len() < len(want) {
				buf, err := r.Read()
				if err != nil {
					t.Fatalf("Read after %d bytes: %v", got.Len(), err)
				}
				if len(buf.B) == 0 || len(buf.B) > 1000 {
					t.Fatalf("Read returned %d bytes, want 1 to 1000", len(buf.B))
				}
				got.Write(buf.B)
				buf.Free()
			}
			if err := <-sent; err != nil || got.String() != want {
				t.Errorf("read other bytes than were written (%v)", err)
			}

			near.SetReadDeadline(time.Now().Add(time.Millisecond))
			if buf, err := r.Read(); !errors.Is(err, os.ErrDeadlineExceeded) || buf != nil {
				t.Errorf("Read beyond its deadline: %v, %v", buf, err)
			}
			near.SetReadDeadline(time.Time{})

			far.Close()
			if buf, err := r.Read(); err != io.EOF || buf != nil {
				t.Errorf("Read after the peer's close: %v, %v, want io.EOF", buf, err)
			}
			near.Close()
			if _, err := r.Read(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read after Close: %v, want net.ErrClosed", err)
			}
		})
	}
}

// BenchmarkIdleReader reads what comes to a connection that is idle in between,
// and sends it back.
func BenchmarkIdleReader(b *testing.B) {
	for name, pipe := range pipes(b) {
		b.Run(name, func(b *testing.B) {
			near, far := pipe()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				r := transport.NewIdleReader(far, 16<<10)
				for {
					buf, err := r.Read()
					if err != nil {
						return
					}
					far.Write(buf.B)
					buf.Free()
				}
			}()
			message := make([]byte, 100)
			b.ReportAllocs()
			for b.Loop() {
				near.Write(message)
				if _, err := io.ReadFull(near, message); err != nil {
					b.Fatal(err)
				}
			}
			near.Close()
			far.Close()
			<-ended
		})
	}
}
