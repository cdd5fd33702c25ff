// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
)

// harnessAllocs counts what a call allocates that no framework can save: the
// context with the deadline, the four messages (the client's and the server's
// request and reply), and the payloads of the two that are decoded.
func harnessAllocs() float64 {
	const calls = 2000
	payload := make([]byte, 64)
	wire, err := proto.Marshal(&echopb.Message{Payload: payload})
	if err != nil {
		return 0 // a message of bytes alone can always be encoded
	}
	messages := make([]*echopb.Message, 4) // keeps them on the heap
	call := func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		messages[0] = &echopb.Message{Payload: payload}
		for _, i := range []int{1, 2} {
			messages[i] = new(echopb.Message)
			proto.Unmarshal(wire, messages[i]) // it was encoded right above
		}
		messages[3] = &echopb.Message{Payload: payload}
		runtime.KeepAlive(ctx)
	}
	call()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		call()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(messages)
	return float64(after.Mallocs-before.Mallocs) / calls
}
