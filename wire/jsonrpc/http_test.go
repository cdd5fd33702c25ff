// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

// web serves JSON-RPC over HTTP in memory until the test ends.
func web(t testing.TB, limits wire.Limits, services ...*curlew.Service) *http.Client {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	assert.NoError(t, d.Register(services...))
	network := mem.New()
	l, err := network.Listen("web")
	assert.NoError(t, err)
	framing := h1.New([]wire.HTTPProtocol{jsonrpc.NewHTTP("")})
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{framing}, Limits: limits, Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(context.Background(), d) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.DialContext(ctx, "mem", "web")
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		source.Close()
		assert.NoError(t, <-served)
		assert.NoError(t, d.Shutdown(context.Background()))
	})
	return &http.Client{Transport: transport}
}

func post(t testing.TB, c *http.Client, body string, fields ...string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://web/rpc", strings.NewReader(body))
	assert.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	response, err := c.Do(r)
	assert.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	if response.StatusCode == http.StatusOK {
		assert.Equal(t, response.Header.Get("Content-Type"), "application/json")
	}
	return response.StatusCode, string(b)
}

func TestHTTP(t *testing.T) {
	c := web(t, wire.Limits{MaxReceive: 1000, MaxHeader: 2000, MaxStreams: 5}, append(services(t), spec())...)
	const request = `{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}`
	for name, test := range map[string]struct {
		body   string
		fields []string
		status int
		answer string
	}{
		"a request":        {request, nil, 200, `{"jsonrpc":"2.0","result":19,"id":1}`},
		"1.0":              {`{"method":"subtract","params":[42,23],"id":1}`, nil, 200, `{"result":19,"error":null,"id":1}`},
		"white space":      {"\r\n " + request + " \n", nil, 200, `{"jsonrpc":"2.0","result":19,"id":1}`},
		"a charset":        {request, []string{"Content-Type", "Application/JSON; charset=utf-8"}, 200, `{"jsonrpc":"2.0","result":19,"id":1}`},
		"curl -d":          {request, []string{"Content-Type", "application/x-www-form-urlencoded"}, 200, `{"jsonrpc":"2.0","result":19,"id":1}`},
		"a batch":          {"[" + request + `,{"jsonrpc":"2.0","method":"update","params":[1]},1]`, nil, 200, `[{"jsonrpc":"2.0","result":19,"id":1},{"jsonrpc":"2.0","error":{"code":-32600},"id":null}]`},
		"a notification":   {`{"jsonrpc":"2.0","method":"update","params":[1]}`, nil, 204, ``},
		"all of them":      {`[{"jsonrpc":"2.0","method":"update"},{"jsonrpc":"2.0","method":"nothing"}]`, nil, 204, ``},
		"an empty batch":   {`[]`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32600},"id":null}`},
		"too many":         {`[1,2,3,4,5,6]`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32600},"id":null}`},
		"an unknown one":   {`{"jsonrpc":"2.0","method":"x","id":1}`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32601},"id":1}`},
		"nothing":          {``, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"half of it":       {request[:20], nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"no JSON":          {`hello`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"no UTF-8":         {"{\"a\":\"\xff\"}", nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"two requests":     {request + request, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"too deep":         {strings.Repeat("[", 2000), nil, 200, `{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`},
		"too large":        {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":["` + strings.Repeat("x", 1000) + `"]}`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32008},"id":1}`},
		"much too large":   {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":["` + strings.Repeat("x", 10_000) + `"]}`, nil, 200, `{"jsonrpc":"2.0","error":{"code":-32600},"id":null}`},
		"text":             {request, []string{"Content-Type", "text/plain"}, 415, ``},
		"a form of a page": {request, []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", "http://elsewhere"}, 415, ``},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := post(t, c, test.body, test.fields...)
			assert.Equal(t, status, test.status, answer)
			if status == 200 {
				answer = normal(t, answer)
			}
			if test.status < 300 {
				assert.Equal(t, answer, normal(t, test.answer))
			}
		})
	}
	response, err := c.Get("http://web/rpc")
	assert.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, response.StatusCode, http.StatusMethodNotAllowed)
	assert.Equal(t, response.Header.Get("Allow"), "POST")
	response, err = c.Post("http://web/rpc/more", "application/json", strings.NewReader(request))
	assert.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, response.StatusCode, http.StatusNotFound)
}

// TestHTTPMetadata: the request's fields are metadata, and the context ends with
// the client.
func TestHTTPMetadata(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error, 1)
	c := web(t, wire.Limits{}, curlew.NewService("Test",
		curlew.Unary("Header", func(ctx context.Context, key *string) (*string, error) {
			call := curlew.CallFrom(ctx)
			value := call.Header().Get(*key) + " " + call.Peer().Protocol
			return &value, nil
		}),
		curlew.Unary("Wait", func(ctx context.Context, _ *string) (*string, error) {
			close(began)
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}),
	))
	_, answer := post(t, c, `{"jsonrpc":"2.0","id":1,"method":"Header","params":["x-bird"]}`, "X-Bird", "curlew")
	assert.Equal(t, normal(t, answer), normal(t, `{"jsonrpc":"2.0","id":1,"result":"curlew jsonrpc"}`))
	status, answer := post(t, c, `{"jsonrpc":"2.0","id":1,"method":"Header"}`, "X-Bird-Bin", "?")
	assert.Equal(t, status, http.StatusBadRequest, answer)

	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://web/rpc", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"Wait"}`))
	assert.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	go func() {
		<-began
		cancel()
	}()
	response, err := c.Do(r)
	if err == nil {
		response.Body.Close()
	}
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, <-ended, context.Canceled)
}
