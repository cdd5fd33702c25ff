// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package attacktest_test

import "testing"

// The race detector multiplies memory and processor time, so the attacks are
// smaller, and that others are served is all that is asked.
const (
	strict = false
	share  = 8
)

func TestAttacksWithRaceDetector(t *testing.T) { attackAll(t) }
