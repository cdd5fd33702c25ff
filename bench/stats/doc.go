// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package stats estimates how far a median, and what is computed from several
// medians, can be trusted.
//
// A benchmark runs in rounds, and in each round measures everything once, one
// right after the other. What slows the machine down for a while slows down all
// measurements of a round. So the rounds are what is drawn from: [Estimate]
// draws whole rounds, again and again, takes each series' median over the
// rounds drawn and computes what is asked for from these medians. Rounds that
// not all series have are left out.
//
// Percentiles of such draws (the percentile bootstrap) are too narrow for few
// rounds. They are therefore expanded as T. Hesterberg proposes ("What Teachers
// Should Know About the Bootstrap", The American Statistician 69, 2015, section
// 5.3): instead of the 2.5 % at either end, as much is cut off as a normal
// distribution has beyond sqrt(n/(n-1)) times Student's t for n-1 degrees of
// freedom. For one median of 7 rounds this gives the range from the least to the
// greatest, which holds the true median in 98 of 100 cases; less would be held
// in 88 of 100. No method gives 95 of 100 for a median of fewer than
// [EnoughRounds] rounds.
package stats
