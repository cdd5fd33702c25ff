// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package sim runs a fleet in virtual time: clients, each with a picker of its
// own, call servers that queue. There is no clock but the queue of events, and
// no randomness but what follows from a seed, so that a run is the same on every
// machine and takes as long as its events, however much time passes in it.
//
// Calls arrive as in a Poisson process, whether or not earlier ones have been
// answered (an open loop). Runs with the same fleet and seed have the same
// arrivals and the same work in each call, whatever the picker is.
package sim
