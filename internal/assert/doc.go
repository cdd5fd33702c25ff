// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package assert is what Curlew's tests check with: a handful of comparisons
// that say what differs, and checks for goroutines that outlive their test.
//
// A failed comparison ends the test, as t.Fatal does, so only the test's own
// goroutine may compare. Each takes optional words that say what was compared:
//
//	assert.NoError(t, err, "first call")
//	assert.Equal(t, reply.Text, "Hello, Ada", "reply to", name)
//
// [Main] fails a package whose tests leave goroutines behind; [NoLeaks] does
// the same for a single test, and names it:
//
//	func TestMain(m *testing.M) { assert.Main(m) }
//
//	func TestServe(t *testing.T) {
//		assert.NoLeaks(t) // first, so that it looks after all other cleanups
//		…
//	}
package assert
