// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package result is what a benchmark has measured: as a document that is written
// to a file, read again and compared, and as text for people.
//
// A latency's distribution counts the calls that were answered and those that
// ran into their deadline. Calls that failed otherwise are counted as errors
// only: to be refused at once is not to be fast.
package result
