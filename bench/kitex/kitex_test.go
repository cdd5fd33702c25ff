// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/curlewrpc/curlew/bench/rival/rivaltest"
)

func TestFrameworks(t *testing.T) { rivaltest.Run(t, frameworks()...) }
