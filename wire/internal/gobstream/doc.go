// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package gobstream reads and writes streams of gobs (package encoding/gob)
// whose other end is not trusted.
//
// encoding/gob does not promise to survive hostile input: a twenty-byte message
// can ask it for terabytes, recurse until the stack ends, or spin for years,
// and type definitions pile up without bound. A [Reader] therefore takes the
// stream apart itself. It checks each length before anything is allocated for
// it, keeps its own table of the peer's types, bounded in number, bytes and the
// work that they can make, and walks every value against that table: counts
// must fit the bytes that are there, structs must end, nesting is limited. Only
// what has passed is shown to encoding/gob.
//
// Since a value that was read is only bytes until [Value.Decode], it is decoded
// when and where it is wanted, in any order, or not at all.
//
// An [Encoder] keeps a stream usable when a value cannot be encoded: what has
// gone wrong is dropped but for the type definitions, which the peer still
// needs, because gob sends each only once.
//
// Interface values are not carried in either direction: the peer would choose
// the type that is made here.
package gobstream
