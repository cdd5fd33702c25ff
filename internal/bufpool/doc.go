// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package bufpool keeps byte buffers for reuse, in size classes, and never
// clears them.
//
// A buffer holds whatever its last user wrote: write every byte before showing
// it to anybody. A buffer belongs to whoever called [Get] until [Buf.Free];
// nothing that a user of the framework can keep may point into one.
//
// The classes are the powers of two from 256 bytes to 1 MiB and the steps of
// 1.5 between them, so at most a third of a buffer is unused beyond 256 bytes.
// A larger buffer is allocated for its one use. Buffers from 64 KiB on, up to 16 MiB
// of them, outlive collections for as long as as many have been needed within a
// second. The pools are shared by the
// whole process: they hold bytes only, so any goroutine may use them, in or out
// of a testing/synctest bubble.
//
// In binaries built with -race a buffer is never reused: Get fills it with a
// pattern, which shows code that counts on zeros, and Free fills it with
// another, which shows bytes that are used after Free (as wrong content, and as
// a data race if another goroutine reads them).
package bufpool
