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
	"github.com/curlewrpc/curlew/bench/rivals/netrpc"
)

// frameworks are those of this program, in the order of the tables.
func frameworks() []rival.Framework {
	return slices.Concat(
		curlew.Frameworks(),
		grpcgo.Frameworks(),
		connectgo.Frameworks(),
		drpc.Frameworks(),
		netrpc.Frameworks(),
		limits.Frameworks(),
	)
}

// inEveryRound says whether floors depend on a framework; the others run in
// fewer rounds.
func inEveryRound(name string, limit bool) bool {
	return limit || slices.Contains([]string{"curlew", "curlew-plain", "grpc-go"}, name)
}
