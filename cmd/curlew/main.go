// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

func main() {
	// The first signal lets a command end in order, the second ends it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	env := cli.System()
	os.Exit(env.Run(ctx, root(env), os.Args[1:]))
}
