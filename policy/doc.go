// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy says how calls are to be made: how long they may take and how
// large their messages may be, for all methods, for those of one service, and
// for one method.
//
// A [Snapshot] is one immutable value. It may come from code, a file or a
// registry; a client swaps it as a whole, and each call uses one snapshot from
// its beginning to its end.
package policy
