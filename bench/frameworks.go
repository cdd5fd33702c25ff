// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"github.com/curlewrpc/curlew/bench/limits"
	"github.com/curlewrpc/curlew/bench/rival"
	"github.com/curlewrpc/curlew/bench/rivals/connectgo"
	"github.com/curlewrpc/curlew/bench/rivals/curlew"
	"github.com/curlewrpc/curlew/bench/rivals/drpc"
	"github.com/curlewrpc/curlew/bench/rivals/grpcgo"
	"github.com/curlewrpc/curlew/bench/rivals/mixed"
	"github.com/curlewrpc/curlew/bench/rivals/netrpc"
)

// frameworks are those of this program, in the order of the tables.
func frameworks() []rival.Framework {
	return slices.Concat(
		curlew.Frameworks(),
		grpcgo.Frameworks(),
		mixed.Frameworks(),
		connectgo.Frameworks(),
		drpc.Frameworks(),
		netrpc.Frameworks(),
		limits.Frameworks(),
	)
}

// inEveryRound says whether a framework runs in every round of every scenario;
// others run in fewer where no floor depends on them.
func inEveryRound(name string) bool {
	return slices.Contains([]string{"curlew", "curlew-plain", "grpc-go"}, name)
}
