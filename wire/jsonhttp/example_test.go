// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/jsonhttp"
)

// A method annotated with get: "/v1/{name=shelves/*/books/*}" that answers with
// its request, inside an http.Server.
func Example() {
	d, err := dispatch.New(dispatch.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Shutdown(context.Background())
	if err := d.Register(services()...); err != nil {
		fmt.Println(err)
		return
	}
	handler := &h1.Handler{
		Protocols:  []wire.HTTPProtocol{jsonhttp.NewServer(d.Services, json.New())},
		Dispatcher: d,
	}
	for _, target := range []string{"/v1/shelves/1/books/2?color=RED&texts=a&texts=b", "/v1/shelves/1/books/2?color=PINK"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(w.Code, w.Body)
	}

	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/v1/watch/x?int32=1", nil)
	r.Header.Set("Accept", "text/event-stream")
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.ReplaceAll(w.Body.String(), "\n\n", "\n"))
	// Output:
	// 200 {"name":"shelves/1/books/2","color":"RED","texts":["a","b"]}
	// 400 {"code":3,"message":"query parameter \"color\": \"PINK\" is not the name or number of one of NONE, RED, GREEN"}
	// 200 data: {"name":"x\n"}
	// event: end
	// data: {}
}
