// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew/internal/workers"
)

// greeting is a task; a pointer to it is handed over without an allocation.
type greeting struct{ name string }

func (g *greeting) Run() { fmt.Println("hello,", g.name) }

func Example() {
	pool := workers.New(workers.Config{})
	pool.Go(&greeting{"world"})
	pool.Close()
	if err := pool.Wait(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello, world
}
