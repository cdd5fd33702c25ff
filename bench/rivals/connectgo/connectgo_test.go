// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connectgo_test

import (
	"testing"

	"github.com/curlewrpc/curlew/bench/rival/rivaltest"
	"github.com/curlewrpc/curlew/bench/rivals/connectgo"
)

func TestFrameworks(t *testing.T) { rivaltest.Run(t, connectgo.Frameworks()...) }
