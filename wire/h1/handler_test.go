// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// TestHandler serves exchanges inside an http.Server that knows nothing of us,
// over both versions of HTTP that it speaks.
func TestHandler(t *testing.T) {
	var request *wire.HTTPRequest
	h := &h1.Handler{
		Protocols: []wire.HTTPProtocol{protocol{"test", func(r *wire.HTTPRequest) wire.Match {
			if strings.HasPrefix(r.Path, "/r") {
				return wire.Yes
			}
			return wire.No
		}, func(ctx context.Context, x wire.Exchange) {
			request = x.Request()
			if request.Path == "/reset" {
				x.Respond(200, nil)
				x.Flush()
				x.Reset(nil)
				return
			}
			body, err := readAll(ctx, x)
			assert.NoError(t, err)
			x.Respond(200, nil)
			x.Write(ctx, []byte(body))
			x.Flush()
			x.End(nil, wire.Fields{{Name: "x-end", Value: "now"}})
		}}},
		Limits: wire.Limits{MaxReceive: 77},
		Else:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "else") }),
	}
	for version, major := range map[string]int{"HTTP/1.1": 1, "HTTP/2.0": 2} {
		t.Run(version, func(t *testing.T) {
			s := httptest.NewUnstartedServer(h)
			s.EnableHTTP2 = major == 2
			s.StartTLS()
			defer s.Close()
			r, err := http.NewRequest("POST", s.URL+"/rpc/x?y", strings.NewReader("hello"))
			assert.NoError(t, err)
			r.Header.Set("Te", "trailers")
			response, err := s.Client().Do(r)
			assert.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			assert.NoError(t, err)
			assert.Equal(t, string(body), "hello")
			assert.Equal(t, response.Proto, version)
			assert.Equal(t, response.Trailer, http.Header{"X-End": {"now"}})

			assert.Equal(t, request.Major, major)
			assert.Equal(t, request.Scheme, "https")
			assert.Equal(t, request.Authority, r.Host)
			assert.Equal(t, request.Limits.MaxReceive, 77)
			peer := request.Peer
			assert.True(t, peer.TLS != nil && peer.Addr.(*net.TCPAddr).IP.IsLoopback() && peer.LocalAddr != nil, "the peer is known: ", peer)

			response, err = s.Client().Get(s.URL + "/reset")
			if err == nil {
				_, err = io.ReadAll(response.Body)
			}
			assert.True(t, err != nil, "the response was reset and has a proper end")

			response, err = s.Client().Get(s.URL + "/other")
			assert.NoError(t, err)
			body, _ = io.ReadAll(response.Body)
			assert.Equal(t, string(body), "else")
		})
	}
}

// TestTLS: a user's handler and a protocol see the connection's TLS, though
// net/http itself does not do it.
func TestTLS(t *testing.T) {
	assert.NoLeaks(t)
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	defer borrowed.Close()
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: borrowed.Client().Transport.(*http.Transport).TLSClientConfig}}
	defer client.CloseIdleConnections()
	f := h1.New([]wire.HTTPProtocol{protocol{"test", func(r *wire.HTTPRequest) wire.Match {
		if r.Path == "/rpc" {
			return wire.Yes
		}
		return wire.No
	}, func(_ context.Context, x wire.Exchange) {
		answer(x, 200, x.Request().Scheme+" "+x.Request().Peer.TLS.NegotiatedProtocol)
	}}}, h1.WithHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "user "+r.TLS.NegotiatedProtocol) })))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{f}, TLS: &tls.Config{Certificates: borrowed.TLS.Certificates}})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(t.Context(), nil) }()
	for path, want := range map[string]string{"/rpc": "https http/1.1", "/": "user http/1.1"} {
		response, err := client.Get("https://" + l.Addr().String() + path)
		assert.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		assert.Equal(t, string(body), want)
	}
	source.Close()
	assert.NoError(t, <-served)
}

// wrapped is a ResponseWriter as middleware makes them.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestHandlerInMiddleware: an unread body is none of the next request's also
// where the ResponseWriter is not net/http's own.
func TestHandlerInMiddleware(t *testing.T) {
	var paths []string
	h := &h1.Handler{Protocols: serves(func(ctx context.Context, x wire.Exchange) {
		paths = append(paths, x.Request().Path)
		x.Respond(403, nil)
		x.Flush()
		x.End(nil, nil)
	})}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(wrapped{w}, r) }))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	assert.NoError(t, err)
	defer conn.Close()
	go io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", 3000))
	all, _ := io.ReadAll(conn)
	assert.Contains(t, string(all), "403")
	assert.Equal(t, paths, []string{"/"})
}

// TestHandlerWithoutControl: a ResponseWriter that can do nothing but write is
// enough for a call.
func TestHandlerWithoutControl(t *testing.T) {
	recorder := httptest.NewRecorder()
	h := &h1.Handler{Protocols: serves(func(ctx context.Context, x wire.Exchange) {
		body, err := readAll(ctx, x)
		assert.NoError(t, err)
		answer(x, 200, body)
		assert.NoError(t, x.Flush())
	})}
	h.ServeHTTP(struct{ http.ResponseWriter }{recorder}, httptest.NewRequest("POST", "/x", strings.NewReader("hello")))
	assert.Equal(t, recorder.Body.String(), "hello")
}

// TestHandlerTellsThatTheClientLeft: here, too, the context has a cause.
func TestHandlerTellsThatTheClientLeft(t *testing.T) {
	began, cause := make(chan struct{}), make(chan error)
	s := httptest.NewServer(&h1.Handler{Protocols: serves(func(ctx context.Context, x wire.Exchange) {
		close(began)
		<-ctx.Done()
		cause <- context.Cause(ctx)
	})})
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	assert.NoError(t, err)
	go func() {
		<-began
		cancel()
	}()
	_, err = s.Client().Do(r)
	assert.ErrorIs(t, err, context.Canceled)
	e := assert.ErrorAs[*curlew.Error](t, <-cause)
	assert.Equal(t, e.Origin(), curlew.OriginTransport)
}
