// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package deadline watches many deadlines with one timer.
//
// A [Heap] belongs to one connection or server. Whatever has a deadline embeds
// an [Entry], so that watching it allocates nothing, and has an Expire method,
// which is called once if the deadline passes before the entry is removed.
//
// A deadline never fires early. It fires on time if none has fired just before,
// else at most 2 ms later together with those that follow it: so a crowd of
// deadlines costs at most 500 timers a second. The timer is armed only for an
// entry that waits; one whose entry has been removed since is left to run out,
// once, because stopping it for every call would cost more than that.
package deadline
