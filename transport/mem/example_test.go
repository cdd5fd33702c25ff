// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem_test

import (
	"context"
	"fmt"
	"io"

	"github.com/curlewrpc/curlew/transport/mem"
)

func Example() {
	network := mem.New()
	listener, err := network.Listen("greeter:80")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	// The reply is lost after its fifth byte.
	network.SetFaults(mem.Faults{}, mem.Faults{Cut: mem.CutReset, CutAfter: 5})

	client, err := network.Dial(context.Background(), "greeter:80")
	if err != nil {
		panic(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	defer server.Close()

	io.WriteString(server, "hello, world")
	reply, err := io.ReadAll(client)
	fmt.Printf("%q\n%v\n", reply, err)
	// Output:
	// "hello"
	// read mem mem:1->greeter:80: connection reset by peer
}
