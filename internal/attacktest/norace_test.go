// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package attacktest_test

import "testing"

// strict says that what the server uses is what it would use in production.
const strict = true

// share divides the sizes of attacks.
const share = 1

func TestAttacks(t *testing.T) { attackAll(t) }
