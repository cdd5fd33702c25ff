// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering returns the address of an HTTP server.
func answering(t *testing.T, answer func(http.ResponseWriter)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
