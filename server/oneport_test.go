// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"net/rpc"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// TestOnePort calls a server with its default protocols through each of them.
func TestOnePort(t *testing.T) {
	addr := listening(t, newServer(t, one(arith())), "127.0.0.1:0")[0].String()
	standard := func(dial func(network, address string) (*rpc.Client, error)) func(t *testing.T) (int, error) {
		return func(t *testing.T) (int, error) {
			c, err := dial("tcp", addr)
			assert.NoError(t, err)
			defer c.Close()
			var reply sum
			err = c.Call("Arith.Add", &pair{7, 8}, &reply)
			return reply.C, err
		}
	}
	for name, add := range map[string]func(*testing.T) (int, error){
		"native": func(t *testing.T) (int, error) {
			return invoke(t.Context(), connect(t, &wire.Remote{Network: "tcp", Address: addr}), "Arith/Add", 7, 8)
		},
		"net/rpc":           standard(rpc.Dial),
		"net/rpc over HTTP": standard(rpc.DialHTTP),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := add(t)
			assert.NoError(t, err)
			assert.Equal(t, got, 15)
		})
	}
	assert.Equal(t, httpRequest(t.Context(), "POST", "http://"+addr+"/Arith/Add", `{"A":7,"B":8}`), `200 {"C":15}`, "Connect")
}
