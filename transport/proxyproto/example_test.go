// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proxyproto_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/transport/proxyproto"
)

func Example() {
	conn, balancer := mem.Pipe()
	io.WriteString(balancer, "PROXY TCP4 203.0.113.7 10.0.0.2 56324 443\r\nhello")
	balancer.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	header, err := proxyproto.Config{}.Read(ctx, conn)
	if err != nil {
		fmt.Println(err)
		return
	}
	rest, _ := io.ReadAll(conn)
	fmt.Printf("%v says %s\n", header.Source, rest)
	// Output: 203.0.113.7:56324 says hello
}
