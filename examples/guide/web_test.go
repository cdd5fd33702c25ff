// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/examples/arith"
	"github.com/curlewrpc/curlew/examples/guide"
	"github.com/curlewrpc/curlew/examples/internal/tcptest"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

func calculator(t *testing.T) *curlew.Service {
	t.Helper()
	s, err := curlew.Reflect(arith.Calculator{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWebServer(t *testing.T) {
	s, status, err := guide.NewWebServer(calculator(t))
	if err != nil {
		t.Fatal(err)
	}
	address := tcptest.Start(t, s)
	// [grpc]
	c, err := client.New(address, client.WithProtocol(grpc.NewClient(h2.Dial, proto.New())))
	// [/grpc]
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	var sum arith.Sum
	if err := c.Call(ctx, "Calculator.Add", arith.Numbers{A: 7, B: 8}, &sum); err != nil || sum.Value != 15 {
		t.Errorf("gRPC: 7 + 8 = %v, %v", sum.Value, err)
	}

	// [health]
	status.Set("Calculator", health.NotServing)
	got, err := health.NewClient(c).Check(ctx, "Calculator")
	// [/health]
	if err != nil || got != health.NotServing {
		t.Errorf("health: %v, %v", got, err)
	}
	names, err := reflection.NewClient(c).Services(ctx)
	if err != nil || !strings.Contains(strings.Join(names, " "), "Calculator") {
		t.Errorf("reflection: %v, %v", names, err)
	}

	for origin, want := range map[string]string{"https://shop.example": "200", "https://www.shop.example": "200", "https://other.example": "403"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/Calculator/Add", strings.NewReader(`{"A":7,"B":8}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if !strings.HasPrefix(response.Status, want) {
			t.Errorf("a page of %s gets %s, want %s", origin, response.Status, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestMount(t *testing.T) {
	s, _, err := guide.NewWebServer(calculator(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	outer := guide.Mount(s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page") }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- outer.Serve(l) }()
	defer func() {
		outer.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	for path, want := range map[string]string{"/api/Calculator/Add": `{"Value":15}`, "/about": "a page"} {
		response, err := http.Post("http://"+l.Addr().String()+path, "application/json", strings.NewReader(`{"A":7,"B":8}`))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s: %q, %v, want %q", path, body, err, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
