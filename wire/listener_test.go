// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

func framings() []wire.Framing {
	return []wire.Framing{fake{name: "long", magic: "aab"}, fake{name: "short", magic: "aa"}, fake{name: "other", magic: "b"}}
}

func TestListenerFindsTheFraming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings()})
		assert.Equal(t, r.tell("aabc"), "short:aabc")
		assert.Equal(t, r.tell("b"), "other:b")
		long := "b" + strings.Repeat("x", 1000)
		assert.Equal(t, r.tell(long), "other:"+long)
	})
}

func TestListenerOneByteAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings()})
		r.network.SetFaults(mem.Faults{Chop: 1}, mem.Faults{})
		assert.Equal(t, r.tell("aabc"), "short:aabc")
	})
}

func TestListenerDropsWhatFitsNothing(t *testing.T) {
	for name, test := range map[string]struct{ sent, answer, logged string }{
		"garbage":      {"zoo", "", "unknown protocol; it begins with 7a 6f 6f"},
		"tls":          {"\x16\x03\x01\x00", "", "looks like TLS, but this port has no TLS configured; it begins with 16 03 01 00"},
		"http/2":       {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", "HTTP/2 with prior knowledge is not served"},
		"http/1":       {"GET / HTTP/1.1\r\n\r\n", "no protocol of this port takes this request", "looks like HTTP/1"},
		"proxy":        {"PROXY TCP4 ", "", "PROXY protocol, which is not switched on"},
		"half a magic": {"a", "", "after 61"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, wire.ListenerConfig{Framings: framings()})
				answer := r.tell(test.sent)
				assert.Contains(t, answer, test.answer)
				assert.Equal(t, answer == "", test.answer == "", "the peer gets an answer")
				synctest.Wait()
				assert.Contains(t, r.log.String(), test.logged)
				assert.Equal(t, r.tell("b"), "other:b", "the next connection")
			})
		})
	}
}

func TestListenerDropsThePeerThatSaysNothing(t *testing.T) {
	for name, said := range map[string]string{"nothing": "", "too little": "a"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, wire.ListenerConfig{Framings: framings(), Limits: wire.Limits{Handshake: 3 * time.Second}})
				begin := time.Now()
				conn := r.dial()
				io.WriteString(conn, said)
				_, err := conn.Read(make([]byte, 1))
				assert.True(t, err != nil, "the connection is closed")
				assert.Equal(t, time.Since(begin), 3*time.Second)
				assert.True(t, !strings.Contains(r.log.String(), "level=WARN"), "it is not worth a warning: ", r.log)
			})
		})
	}
}

// TestListenerLeavesNoDeadline: what bounds the handshake does not bound what
// comes after it.
func TestListenerLeavesNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings()})
		conn := r.dial()
		io.WriteString(conn, "b")
		<-time.After(time.Hour)
		assert.Equal(t, exchange(t, conn, "c"), "other:bc")
	})
}

func TestListenerDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings()})
		conn := r.dial()
		io.WriteString(conn, "b")
		synctest.Wait()
		r.source.Drain()
		r.source.Drain()
		answer, _ := io.ReadAll(conn)
		assert.Equal(t, string(answer), "other:bbye")
		_, err := r.network.Dial(t.Context(), "here")
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.NoError(t, r.ended())
	})
}

// TestListenerDrainsTheSilent: nobody waits for those who have said nothing.
func TestListenerDrainsTheSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proxied, release := make(chan struct{}), make(chan struct{})
		for name, proxy := range map[string]func(context.Context, net.Conn) (net.Addr, net.Addr, []byte, error){
			"from the beginning": nil,
			"behind a proxy": func(context.Context, net.Conn) (net.Addr, net.Addr, []byte, error) {
				close(proxied)
				<-release
				return nil, nil, nil, nil
			},
		} {
			r := serve(t, wire.ListenerConfig{Framings: framings(), Proxy: proxy})
			begin := time.Now()
			conn := r.dial()
			if proxy != nil {
				<-proxied
			}
			synctest.Wait()
			r.source.Drain()
			if proxy != nil {
				close(release)
			}
			_, err := conn.Read(make([]byte, 1))
			assert.Equal(t, err, io.EOF, name)
			assert.NoError(t, r.ended(), name)
			assert.Equal(t, time.Since(begin), 0, name)
		}
	})
}

// TestListenerDrainsTheSlow: who has begun to speak may finish.
func TestListenerDrainsTheSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings()})
		conn := r.dial()
		io.WriteString(conn, "a")
		synctest.Wait()
		r.source.Drain()
		<-time.After(time.Second)
		io.WriteString(conn, "a")
		answer, _ := io.ReadAll(conn)
		assert.Contains(t, string(answer), "bye")
		assert.NoError(t, r.ended())
	})
}

func TestListenerStopsHard(t *testing.T) {
	reason := errors.New("enough")
	for name, stop := range map[string]func(*rig){
		"by its context": func(r *rig) { r.cancel(reason) },
		"by Close":       func(r *rig) { r.source.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cause error
				stubborn := fake{name: "stubborn", magic: "s", served: func(ctx context.Context, conn *wire.Conn) {
					io.Copy(io.Discard, conn)
					cause = context.Cause(ctx)
				}}
				r := serve(t, wire.ListenerConfig{Framings: []wire.Framing{stubborn}})
				silent, busy := r.dial(), r.dial()
				io.WriteString(busy, "s")
				synctest.Wait()
				stop(r)
				assert.NoError(t, r.ended())
				for _, conn := range []net.Conn{silent, busy} {
					_, err := conn.Read(make([]byte, 1))
					assert.True(t, err != nil, "the connection is closed")
				}
				if name == "by Close" {
					assert.Contains(t, cause.Error(), "closed")
				} else {
					assert.ErrorIs(t, cause, reason)
				}
			})
		})
	}
}

func TestListenerThatIsOverServesNothing(t *testing.T) {
	for name, end := range map[string]func(*wire.Listener){
		"drained": func(l *wire.Listener) { l.Drain() },
		"closed":  func(l *wire.Listener) { l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := mem.New().Listen("here")
			assert.NoError(t, err)
			source, err := wire.NewListener(l, wire.ListenerConfig{Framings: framings()})
			assert.NoError(t, err)
			end(source)
			assert.NoError(t, source.Serve(t.Context(), nil))
			err = source.Serve(t.Context(), nil)
			assert.True(t, err != nil && strings.Contains(err.Error(), "twice"), "a second Serve: ", err)
		})
	}
}

// flaky is a listener with errors.
type flaky struct {
	net.Listener
	errs chan error
}

func (f flaky) Accept() (net.Conn, error) {
	select {
	case err := <-f.errs:
		return nil, err
	default:
		return f.Listener.Accept()
	}
}

func newFlaky(t *testing.T, errs ...error) (*mem.Network, flaky) {
	t.Helper()
	network := mem.New()
	l, err := network.Listen("here")
	assert.NoError(t, err)
	f := flaky{l, make(chan error, len(errs))}
	for _, err := range errs {
		f.errs <- err
	}
	return network, f
}

func TestListenerSurvivesTemporaryErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := &net.OpError{Op: "accept", Err: syscall.EMFILE}
		network, l := newFlaky(t, full, full, full)
		begin := time.Now()
		r := serveAt(t, l, wire.ListenerConfig{Framings: framings()})
		r.network = network
		assert.Equal(t, r.tell("b"), "other:b")
		assert.Equal(t, time.Since(begin), (5+10+20)*time.Millisecond, "the pauses")
		assert.Equal(t, strings.Count(r.log.String(), "too many open files"), 3, r.log)
	})
}

func TestListenerDrainsDuringAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l := newFlaky(t, syscall.EMFILE)
		r := serveAt(t, l, wire.ListenerConfig{Framings: framings()})
		synctest.Wait()
		r.source.Drain()
		assert.NoError(t, r.ended())
	})
}

// TestListenerThatFails: connections go on, drained; then the error comes.
func TestListenerThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, l := newFlaky(t)
		l.errs = make(chan error, 1)
		r := serveAt(t, l, wire.ListenerConfig{Framings: framings()})
		r.network = network
		conn := r.dial()
		io.WriteString(conn, "b")
		synctest.Wait()
		broken := errors.New("broken")
		l.errs <- broken
		r.dial() // so that Accept returns and is called again
		answer, _ := io.ReadAll(conn)
		assert.Equal(t, string(answer), "other:bbye")
		assert.ErrorIs(t, r.ended(), broken)
		assert.Contains(t, r.log.String(), "level=ERROR")
	})
}

func TestListenerMaxConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: framings(), MaxConnections: 2})
		first, second := r.dial(), r.dial()
		io.WriteString(first, "b")
		synctest.Wait()
		for range 3 {
			_, err := r.dial().Read(make([]byte, 1))
			assert.True(t, err != nil, "a connection too many is closed")
		}
		assert.Equal(t, strings.Count(r.log.String(), "the limit is reached"), 1, r.log)
		second.Close()
		synctest.Wait()
		assert.Equal(t, r.tell("b"), "other:b")
		assert.Equal(t, r.tell("b"), "other:b")
		assert.Equal(t, strings.Count(r.log.String(), "taken again"), 1, r.log)
		assert.Contains(t, r.log.String(), "refused=3")
		assert.Equal(t, exchange(t, first, "c"), "other:bc")
	})
}

func TestListenerSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := fake{name: "bad", magic: "x", served: func(context.Context, *wire.Conn) { panic("a bug") }}
		r := serve(t, wire.ListenerConfig{Framings: []wire.Framing{bad, fake{name: "good", magic: "y"}}})
		assert.Equal(t, r.tell("x"), "")
		assert.Equal(t, r.tell("y"), "good:y")
		synctest.Wait()
		assert.Contains(t, r.log.String(), "a bug")
	})
}

func TestNewListenerRefuses(t *testing.T) {
	l, err := mem.New().Listen("here")
	assert.NoError(t, err)
	defer l.Close()
	_, err = wire.NewListener(l, wire.ListenerConfig{
		Framings: []wire.Framing{nil}, AllowPlaintext: true, MaxConnections: -1, Limits: wire.Limits{MaxHeader: -1},
	})
	for _, part := range []string{"here", "framing 0 is nil", "AllowPlaintext", "MaxConnections", "MaxHeader"} {
		assert.Contains(t, err.Error(), part)
	}
	_, err = wire.NewListener(l, wire.ListenerConfig{})
	assert.Contains(t, err.Error(), "no framings")
}
