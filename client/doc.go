// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package client calls services.
//
//	c, err := client.New("localhost:8080")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	var product Product
//	err = c.Call(ctx, "Arith.Multiply", &Args{7, 8}, &product)
//
// A [Client] finds the servers of its target, connects to them when calls need
// it, again when a connection is lost, and to more of them when one is full. It
// is a [curlew.Caller], which generated stubs take.
//
// A call waits for a connection until its context ends; then its error tells
// why there was none. A call without a deadline does not wait for ever: see
// [Client.Connect]. A call that no server has begun is tried again on another
// connection, a few times; any other call is made once.
package client
