// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// page is a user's own handler.
func page(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "page "+r.URL.Path)
}

// httpRequest makes a request as curl does and returns the status and body, or
// the error.
func httpRequest(ctx context.Context, method, url, body string) string {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return response.Status[:4] + strings.TrimSpace(string(got))
}

// TestHTTP asks the server's own port, and the server inside an http.Server.
func TestHTTP(t *testing.T) {
	s := newServer(t, one(arith()), server.WithHTTPHandler(http.HandlerFunc(page)))
	own := listening(t, s, "127.0.0.1:0")[0]
	inside := httptest.NewServer(s)
	defer inside.Close()
	for name, base := range map[string]string{"own port": "http://" + own.String(), "inside": inside.URL} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, httpRequest(t.Context(), "POST", base+"/Arith/Add", `{"A":7,"B":8}`), `200 {"C":15}`)
			assert.Equal(t, httpRequest(t.Context(), "GET", base+"/index", ""), "200 page /index")
			assert.Contains(t, httpRequest(t.Context(), "POST", base+"/Arith/Sub", `{}`), "page")
		})
	}
	got, err := invoke(t.Context(), connect(t, &wire.Remote{Network: "tcp", Address: own.String()}), "Arith/Add", 1, 2)
	assert.NoError(t, err)
	assert.Equal(t, got, 3, "native on the same port")
}

// TestShutdownOfServeHTTP has no source, only calls by ServeHTTP.
func TestShutdownOfServeHTTP(t *testing.T) {
	s := newServer(t, one(arith()))
	inside := httptest.NewServer(s)
	defer inside.Close()
	answers := make(chan string, 1)
	began := make(chan struct{})
	err := s.Register(curlew.NewService("Late", curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
		close(began)
		<-curlew.CallFrom(ctx).Draining()
		return add(ctx, in)
	})))
	assert.NoError(t, err)
	go func() { answers <- httpRequest(t.Context(), "POST", inside.URL+"/Late/Wait", `{"A":1,"B":2}`) }()
	<-began
	assert.NoError(t, s.Shutdown(t.Context()))
	assert.Equal(t, <-answers, `200 {"C":3}`)
	assert.Contains(t, httpRequest(t.Context(), "POST", inside.URL+"/Arith/Add", `{}`), "503 ")
}
