// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/callcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/describecmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/doctorcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/exportcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/gencmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/lscmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/newcmd"
)

// root returns the command with all others below it.
func root(env *cli.Env) *cobra.Command {
	return env.Root(
		"curlew",
		"Make RPC services, call them, measure them, and keep them compatible",
		gencmd.New(env),
		callcmd.New(env),
		lscmd.New(env),
		describecmd.New(env),
		checkcmd.New(env),
		benchcmd.New(env),
		doctorcmd.New(env),
		exportcmd.New(env),
		newcmd.New(env),
	)
}
