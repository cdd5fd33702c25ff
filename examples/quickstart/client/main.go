// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command client is the smallest client: it asks the quickstart server for a
// product.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/curlewrpc/curlew/client"
)

// Args and Product are what goes over the wire. They need not be the server's
// types, only have the same fields.
type (
	Args    struct{ A, B int }
	Product struct{ C int }
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	product, err := multiply(ctx, "localhost:8080", 7, 8)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("7 times 8 is", product)
}

func multiply(ctx context.Context, address string, a, b int) (int, error) {
	// [call]
	c, err := client.New(address) // "localhost:8080"
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var product Product
	err = c.Call(ctx, "Arith.Multiply", Args{a, b}, &product)
	return product.C, err
	// [/call]
}
