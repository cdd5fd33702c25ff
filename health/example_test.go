// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"context"
	"fmt"
	"log"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/server"
)

func Example() {
	h := health.New()
	s, err := server.New(server.WithHealth(h))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	if err := s.Listen(ctx, "localhost:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()

	c, err := client.New(s.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	h.Set("shop.Cart", health.NotServing)
	for status, err := range health.NewClient(c).Watch(ctx, "shop.Cart") {
		fmt.Println(status, err)
		if status == health.Serving {
			break
		}
		h.Set("shop.Cart", health.Serving)
	}
	c.Close()
	stop()
	fmt.Println(<-served)
	// Output:
	// NOT_SERVING <nil>
	// SERVING <nil>
	// <nil>
}
