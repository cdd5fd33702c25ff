// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy says how calls are to be made: how long they may take, how
// large their messages may be, how failed ones are made again, and what guards
// the servers and their callers. [Rules] say it for all methods, for reads,
// writes and streams, for those of one service, and for one method, out of the
// structs of package resilience.
//
// A [Snapshot] is one immutable value. It may come from code, a file or a
// registry; a client swaps it as a whole, and each call uses one snapshot from
// its beginning to its end. Rules that contradict one another make no snapshot.
package policy
