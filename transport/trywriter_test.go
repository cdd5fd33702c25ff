// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/transport/mem"
)

// socketPair returns both ends of a connection over a listener.
func socketPair(t testing.TB, network, address string) (dialed, accepted net.Conn) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err = net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialed.Close()
		accepted.Close()
	})
	return dialed, accepted
}

// pairs are the kinds of connection that can be written to without waiting.
var pairs = map[string]func(testing.TB) (net.Conn, net.Conn){
	"tcp": func(t testing.TB) (net.Conn, net.Conn) { return socketPair(t, "tcp", "127.0.0.1:0") },
	"unix": func(t testing.TB) (net.Conn, net.Conn) {
		return socketPair(t, "unix", filepath.Join(t.TempDir(), "sock"))
	},
	"mem": func(testing.TB) (net.Conn, net.Conn) { return mem.Pipe() },
}

func newTryWriter(t testing.TB, conn net.Conn) *transport.TryWriter {
	t.Helper()
	w, ok := transport.NewTryWriter(conn)
	if !ok {
		t.Skipf("no writing without waiting to a %T on this system", conn)
	}
	return w
}

// Fill the connection until it takes nothing, see that nothing blocks, then
// that reading makes room, and that the ordinary Write goes on where TryWrite
// stopped.
func TestTryWriteUntilFull(t *testing.T) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			conn, peer := pair(t)
			w := newTryWriter(t, conn)
			message := make([]byte, 50_001)
			var sent []byte
			for {
				for i := range message {
					message[i] = byte(len(sent) + i)
				}
				n, err := w.TryWrite(message)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					break
				}
				sent = append(sent, message[:n]...)
				if len(sent) > 1<<30 {
					t.Fatal("it takes everything")
				}
			}
			if len(sent) == 0 {
				t.Fatal("it takes nothing")
			}
			const rest = "written by Write, which waits"
			done := make(chan error)
			go func() {
				_, err := conn.Write([]byte(rest))
				done <- err
			}()
			got := make([]byte, len(sent)+len(rest))
			if _, err := io.ReadFull(peer, got); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, append(sent, rest...)) {
				t.Error("what arrived is not what was sent")
			}
			if n, err := w.TryWrite(nil); n != 0 || err != nil {
				t.Errorf("TryWrite(nil) = %d, %v", n, err)
			}
			if n, err := w.TryWrite([]byte("x")); n != 1 || err != nil {
				t.Errorf("TryWrite with room = %d, %v", n, err)
			}
		})
	}
}

func TestTryWriteErrors(t *testing.T) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			conn, peer := pair(t)
			w := newTryWriter(t, conn)
			fails := func(when string, want error) {
				t.Helper()
				n, err := w.TryWrite([]byte("x"))
				if n != 0 || !errors.Is(err, want) {
					t.Errorf("%s: TryWrite = %d, %v, want %v", when, n, err, want)
				}
				var op *net.OpError
				if !errors.As(err, &op) || op.Op != "write" || op.Addr != conn.RemoteAddr() {
					t.Errorf("%s: the error %v does not name the write", when, err)
				}
			}
			conn.SetWriteDeadline(time.Unix(1, 0))
			fails("after the deadline", os.ErrDeadlineExceeded)
			conn.SetWriteDeadline(time.Time{})

			peer.Close()
			for { // until the system has heard of it
				if _, err := w.TryWrite([]byte("x")); err != nil {
					break
				}
			}
			if name != "tcp" { // where it may be a reset or a broken pipe
				fails("after the peer closed", syscall.EPIPE)
			}
			conn.Close()
			fails("after Close", net.ErrClosed)
		})
	}
}

// A wrapper changes the bytes or watches them: it must not be bypassed.
func TestNoTryWriterForWrappers(t *testing.T) {
	conn, _ := pairs["tcp"](t)
	for _, wrapper := range []net.Conn{
		struct{ net.Conn }{conn},
		struct{ *net.TCPConn }{conn.(*net.TCPConn)},
		tls.Client(conn, &tls.Config{}),
	} {
		if _, ok := transport.NewTryWriter(wrapper); ok {
			t.Errorf("there is a TryWriter for %T", wrapper)
		}
	}
	conn.Close()
	if w, ok := transport.NewTryWriter(conn); ok {
		if _, err := w.TryWrite([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("TryWrite to a closed connection: %v", err)
		}
	}
}

func BenchmarkTryWrite(b *testing.B) {
	conn, peer := pairs["tcp"](b)
	w := newTryWriter(b, conn)
	go io.Copy(io.Discard, peer)
	message := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.TryWrite(message); err != nil {
			b.Fatal(err)
		}
	}
}
