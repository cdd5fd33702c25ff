// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got wire.HTTPRequest
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			got = *x.Request()
			body, err := readAll(ctx, x)
			assert.NoError(t, err)
			answer(x, 201, body)
		})), wire.Limits{MaxReceive: 77})
		r.network.SetFaults(mem.Faults{Chop: 1}, mem.Faults{})
		p := r.dial()
		p.send("POST /a%2Fb/c?q=%20&r HTTP/1.1\r\nHost: there:1\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\nContent-Length: 5\r\n\r\nhello")
		response, body := p.response()
		assert.Equal(t, response.StatusCode, 201)
		assert.Equal(t, body, "hello")

		assert.Equal(t, got.Peer.Addr.String(), p.LocalAddr().String())
		assert.Equal(t, got.Peer.LocalAddr.String(), "here")
		assert.Equal(t, got.Limits, wire.Limits{MaxReceive: 77}.WithDefaults())
		assert.True(t, got.Draining != nil, "there is a Draining")
		got.Peer, got.Limits, got.Draining = nil, wire.Limits{}, nil
		assert.Equal(t, got, wire.HTTPRequest{
			Method: "POST", Scheme: "http", Authority: "there:1", Path: "/a%2Fb/c", RawQuery: "q=%20&r", Major: 1, Minor: 1, Length: 5,
			Fields: wire.Fields{{Name: "content-length", Value: "5"}, {Name: "x-a", Value: "1"}, {Name: "x-b", Value: "2"}, {Name: "x-b", Value: "3"}},
		})
	})
}

func TestWhoAnswers(t *testing.T) {
	says := func(name string, m wire.Match) wire.HTTPProtocol {
		return protocol{name, func(*wire.HTTPRequest) wire.Match { return m }, func(_ context.Context, x wire.Exchange) { answer(x, 200, name) }}
	}
	user := h1.WithHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "user") }))
	no, maybe, perhaps, yes, sure := says("no", wire.No), says("maybe", wire.Maybe), says("perhaps", wire.Maybe), says("yes", wire.Yes), says("sure", wire.Yes)
	tunnel := h1.WithTunnel(h1.Tunnel{Path: "/t", Framing: h1.New(nil)})
	for name, test := range map[string]struct {
		protocols []wire.HTTPProtocol
		opts      []h1.Option
		want      string
	}{
		"the first yes":    {[]wire.HTTPProtocol{no, maybe, yes, sure}, []h1.Option{user}, "yes"},
		"the first maybe":  {[]wire.HTTPProtocol{no, maybe, perhaps}, nil, "maybe"},
		"the user's first": {[]wire.HTTPProtocol{no, maybe}, []h1.Option{user}, "user"},
		"nobody":           {[]wire.HTTPProtocol{no}, []h1.Option{tunnel}, "404 not found: nothing here answers GET \"/x\". What is taken here over HTTP: no, http/1.1 by CONNECT /t.\n"},
		"nobody at all":    {nil, nil, "404 not found: nothing here answers GET \"/x\".\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serve(t, h1.New(test.protocols, test.opts...)).dial()
				p.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
				_, body := p.response()
				assert.Equal(t, body, test.want)
			})
		})
	}
}

func TestKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, x.Request().Path) }))).dial()
		for _, path := range []string{"/a", "/b", "/c"} {
			p.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
			_, body := p.response()
			assert.Equal(t, body, path)
			<-after(time.Minute)
		}
		begin := time.Now()
		p.gone()
		assert.Equal(t, time.Since(begin), 4*time.Minute, "an idle connection is closed")
	})
}

// TestBadHeads: net/http's defences, and our limits, are in place.
func TestBadHeads(t *testing.T) {
	limits := wire.Limits{Handshake: 3 * time.Second, MaxHeader: 3000}
	served := serves(func(ctx context.Context, x wire.Exchange) {
		body, _ := readAll(ctx, x)
		answer(x, 200, body)
	})
	for name, test := range map[string]struct {
		head   string
		status int
	}{
		"header within the limit":     {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 4000) + "\r\n\r\n", 200},
		"header above the limit":      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 10_000) + "\r\n\r\n", 431},
		"endless header":              {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: x\r\n", 5_000), 431},
		"two lengths":                 {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		"negative length":             {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
		"length with a sign":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", 400},
		"unknown transfer encoding":   {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
		"two transfer encodings":      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501},
		"space before the colon":      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\na", 400},
		"no host":                     {"GET / HTTP/1.1\r\n\r\n", 400},
		"two hosts":                   {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
		"HTTP/2 in a request line":    {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
		"zero byte in a value":        {"GET / HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n", 400},
		"half a head, then silence":   {"GET / HTTP/1.1\r\nHos", 400},
		"a method alone, and silence": {"GET /", 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serve(t, h1.New(served), limits).dial()
				begin := time.Now()
				go io.WriteString(p, test.head) // more than the server reads, it may be
				response, _ := p.response()
				assert.Equal(t, response.StatusCode, test.status)
				assert.True(t, time.Since(begin) <= limits.Handshake, "it takes ", time.Since(begin))
			})
		})
	}
}

// TestSlowHead: the time for a head is bounded however it is spread, also for
// the second on a connection.
func TestSlowHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) { answer(x, 200, "") })), wire.Limits{Handshake: 3 * time.Second})
		p := r.dial()
		p.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		p.response()
		<-after(time.Minute)
		begin := time.Now()
		over := make(chan struct{})
		go func() {
			defer close(over)
			for _, c := range "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100) {
				if _, err := io.WriteString(p, string(c)); err != nil {
					return
				}
				<-after(100 * time.Millisecond)
			}
		}()
		io.Copy(io.Discard, p.r)
		// The time runs from the fourth byte on: net/http waits for those idly.
		assert.Equal(t, time.Since(begin), 3300*time.Millisecond)
		p.Close()
		<-over
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, release := make(chan struct{}), make(chan struct{})
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			if x.Request().Path == "/slow" {
				close(began)
				<-x.Request().Draining
				<-release
			}
			answer(x, 200, "done")
		})))
		idle, busy := r.dial(), r.dial()
		idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		idle.response()
		busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
		<-began
		r.source.Drain()
		idle.gone()
		synctest.Wait() // until the other connection is told, too
		close(release)
		response, body := busy.response()
		assert.Equal(t, body, "done")
		assert.True(t, response.Close, "the response says that the connection is closed")
		busy.gone()
		assert.NoError(t, <-r.served)
	})
}

// TestEndOfContext: the exchange's context tells why it ended.
func TestEndOfContext(t *testing.T) {
	reason := errors.New("enough")
	for name, test := range map[string]struct {
		end  func(*rig, *peer)
		want error
	}{
		"the client leaves":   {func(_ *rig, p *peer) { p.Close() }, curlew.Canceled},
		"the connection dies": {func(_ *rig, p *peer) { p.Reset() }, curlew.Canceled},
		"the server stops":    {func(r *rig, _ *peer) { r.cancel(reason) }, reason},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, ended := make(chan struct{}), make(chan error)
				r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
					readAll(ctx, x)
					close(began)
					<-ctx.Done()
					ended <- context.Cause(ctx)
				})))
				p := r.dial()
				p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
				<-began
				test.end(r, p)
				cause := <-ended
				assert.ErrorIs(t, cause, test.want)
				assert.True(t, cause != context.Canceled, "the cause says more than that it is canceled")
			})
		})
	}
}

func TestUsersHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/panic":
				panic("a bug")
			case "/hijack":
				conn, buffered, err := http.NewResponseController(w).Hijack()
				assert.NoError(t, err)
				go func() {
					line, _ := buffered.ReadString('\n')
					io.WriteString(conn, "you said "+line)
					<-after(time.Minute)
					conn.Close()
				}()
			default:
				io.WriteString(w, r.RemoteAddr)
			}
		})
		r := serve(t, h1.New(nil, h1.WithHandler(handler)))
		p := r.dial()
		p.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_, body := p.response()
		assert.Equal(t, body, p.LocalAddr().String())
		p.send("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n")
		p.gone()
		assert.Contains(t, r.log.String(), "a bug")

		p = r.dial()
		p.send("GET /hijack HTTP/1.1\r\nHost: x\r\n\r\nhello\n")
		line, err := p.r.ReadString('\n')
		assert.NoError(t, err)
		assert.Equal(t, line, "you said hello\n")
		begin := time.Now()
		r.source.Drain()
		p.gone()
		assert.NoError(t, <-r.served)
		assert.Equal(t, time.Since(begin), time.Minute, "the connection is the handler's until it closes it")
	})
}

// TestHijackedAndForgotten: a connection whose taker does not close it ends
// with the server.
func TestHijackedAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(nil, h1.WithHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
		}))))
		p := r.dial()
		p.send("GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		r.source.Close()
		p.gone()
		assert.NoError(t, <-r.served)
	})
}
