// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestPeers(t *testing.T) {
	var peers httpwire.Peers
	assert.True(t, peers.Named(nil, "grpc") == nil)
	one, two := &curlew.Peer{Protocol: "http/2"}, &curlew.Peer{Protocol: "http/1.1"}
	first := peers.Named(one, "grpc")
	assert.Equal(t, first.Protocol, "grpc")
	assert.Equal(t, one.Protocol, "http/2", "what the transport has is left alone")
	assert.True(t, peers.Named(one, "grpc") == first, "calls share it")
	assert.True(t, peers.Named(two, "grpc") != first)
	assert.Equal(t, *peers.Named(one, "grpc"), *first)
}

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"pkg.v1.Service/Method_2": "/pkg.v1.Service/Method_2",
		"Alone":                   "/Alone",
		"a/b?c#d%e f":             "/a/b%3Fc%23d%25e%20f",
	} {
		path := httpwire.Path(curlew.NewMethod(name, curlew.KindUnary))
		assert.Equal(t, path, want)
	}
	service, method, ok := httpwire.Procedure(httpwire.Path(curlew.NewMethod("a/b?c#d%e f", curlew.KindUnary)))
	assert.True(t, ok)
	assert.Equal(t, service+"/"+method, "a/b?c#d%e f", "a server undoes it")
}
