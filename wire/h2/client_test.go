// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// echo sends the request's body back as it comes, then says how it was called.
func echo(ctx context.Context, x wire.Exchange) {
	x.Respond(http.StatusOK, wire.Fields{{Name: "x-path", Value: x.Request().Path}})
	buf := make([]byte, 32<<10)
	total := 0
	for {
		n, err := x.Read(ctx, buf)
		if n > 0 {
			if _, err := x.Write(ctx, buf[:n]); err != nil {
				return
			}
		}
		total += n
		if err != nil {
			break
		}
	}
	x.End(nil, wire.Fields{{Name: "x-total", Value: fmt.Sprint(total)}})
}

// dial connects a client of ours.
func dial(t *testing.T, remote *wire.Remote) wire.HTTPTransport {
	t.Helper()
	transport, err := h2.Dial(t.Context(), remote)
	assert.NoError(t, err)
	t.Cleanup(func() { transport.Close(nil) })
	return transport
}

// post makes one exchange whose body is known.
func post(ctx context.Context, transport wire.HTTPTransport, path, body string) (status int, got string, fields, trailers wire.Fields, err error) {
	x, err := transport.Do(ctx, &wire.HTTPRequest{
		Method: "POST", Scheme: "http", Authority: "here", Path: path, Length: int64(len(body)),
		Fields: wire.Fields{{Name: "content-type", Value: "text/plain"}},
	})
	if err != nil {
		return
	}
	defer x.Reset(nil)
	wrote := make(chan error, 1)
	go func() { // for what echoes before it has read all
		if body != "" {
			if _, err := x.Write(ctx, []byte(body)); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- x.CloseWrite()
	}()
	defer func() {
		if bad := <-wrote; bad != nil && bad != io.EOF && err == nil {
			err = bad
		}
	}()
	if status, fields, err = x.Response(ctx); err != nil {
		return
	}
	got, err = readAll(ctx, x)
	trailers = x.Trailers()
	return
}

func TestEcho(t *testing.T) {
	r := serve(t, h2.New(serves(echo)), wire.Limits{})
	transport := dial(t, r.remote())
	var all sync.WaitGroup
	for _, size := range []int{0, 1, 5000, 65_541, 200_000, 3 << 20} {
		for range 3 {
			all.Go(func() {
				want := strings.Repeat("x", size)
				path := fmt.Sprintf("/echo/%d", size)
				status, got, fields, trailers, err := post(t.Context(), transport, path, want)
				if err != nil || status != 200 || got != want || fields.Get("x-path") != path || trailers.Get("x-total") != fmt.Sprint(size) {
					t.Errorf("%d bytes: %d, %d bytes, %v, %v, %v", size, status, len(got), fields, trailers, err)
				}
			})
		}
	}
	all.Wait()
}

// The client against net/http's server.
func TestClientOfNetHTTP(t *testing.T) {
	network := mem.New()
	l, err := network.Listen("here")
	assert.NoError(t, err)
	server := &http.Server{
		Protocols: new(http.Protocols),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Path", r.URL.Path)
			w.Header().Set(http.TrailerPrefix+"X-Total", "many")
			io.Copy(w, r.Body)
		}),
	}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	r := &rig{network: network}
	transport := dial(t, r.remote())
	for _, size := range []int{0, 1, 5000, 65_541, 3 << 20} {
		want := strings.Repeat("x", size)
		status, got, fields, trailers, err := post(t.Context(), transport, "/a/b", want)
		assert.NoError(t, err, size)
		assert.Equal(t, status, 200)
		assert.Equal(t, got == want, true, "body", size, len(got))
		assert.Equal(t, fields.Get("x-path"), "/a/b")
		assert.Equal(t, trailers.Get("x-total"), "many")
	}
}

// Both directions of a stream at once, message by message.
func TestBidi(t *testing.T) {
	r := serve(t, h2.New(serves(echo)), wire.Limits{})
	transport := dial(t, r.remote())
	ctx := t.Context()
	x, err := transport.Do(ctx, &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/bidi", Length: -1})
	assert.NoError(t, err)
	defer x.Reset(nil)
	for i := range 100 {
		want := fmt.Sprintf("message %d", i)
		_, err := x.Write(ctx, []byte(want))
		assert.NoError(t, err)
		if i == 0 {
			status, _, err := x.Response(ctx)
			assert.NoError(t, err)
			assert.Equal(t, status, 200)
		}
		buf := make([]byte, 100)
		n, err := x.Read(ctx, buf)
		assert.NoError(t, err)
		assert.Equal(t, string(buf[:n]), want)
	}
	assert.NoError(t, x.CloseWrite())
	rest, err := readAll(ctx, x)
	assert.NoError(t, err)
	assert.Equal(t, rest, "")
}
