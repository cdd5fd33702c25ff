// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// net/http's client against our server.
func TestHandler(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-Method", r.Method)
		w.WriteHeader(http.StatusAccepted)
		w.Write(body)
		w.Header().Set("X-Sum", "42")
	})
	r := serve(t, h2.New(nil, h2.WithHandler(echo)), wire.Limits{})
	c := r.client()
	for _, size := range []int{0, 1, 5000, 70_000, 3 << 20} {
		want := strings.Repeat("a", size)
		response, err := c.Post("http://here/some/path?q=1", "text/plain", strings.NewReader(want))
		assert.NoError(t, err, size)
		body, err := io.ReadAll(response.Body)
		assert.NoError(t, err, size)
		assert.Equal(t, response.StatusCode, http.StatusAccepted)
		assert.Equal(t, string(body) == want, true, "body", size, len(body))
		assert.Equal(t, response.Header.Get("X-Method"), "POST")
		assert.Equal(t, response.Trailer.Get("X-Sum"), "42", size)
	}
}
