// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package compare tells real differences between benchmarks from noise.
//
// For each metric it gives the change from a base to another result, and an
// interval in which the true change lies with the wanted confidence. Intervals
// are found by a bootstrap: the runs' parts are drawn again at random, some that
// follow one another at a time (what is slow now is likely slow in a moment, too),
// and the metric is worked out anew, many times over. Where a side has several
// runs, those are drawn as well, so that the interval covers what differs between
// runs; from one run of each side that cannot be known, which is why a change must
// also exceed a threshold to count.
package compare
