// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/curlewrpc/curlew/bench/measure"
)

func main() {
	handled, exit := measure.Main(os.Args[1:], frameworks())
	if !handled {
		fmt.Fprintln(os.Stderr, "kitex: run by the benchmarks as: kitex list | serve NAME | load NAME")
		exit = 2
	}
	os.Exit(exit)
}
