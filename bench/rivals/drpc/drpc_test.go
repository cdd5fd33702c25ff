// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package drpc_test

import (
	"testing"

	"github.com/curlewrpc/curlew/bench/rival/rivaltest"
	"github.com/curlewrpc/curlew/bench/rivals/drpc"
)

func TestFrameworks(t *testing.T) { rivaltest.Run(t, drpc.Frameworks()...) }
