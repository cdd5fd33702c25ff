// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package fleet runs the servers of a chaos run as processes of their own, so
// that one can be killed, frozen or cut off as a real one would be. They are the
// program itself, started again with [Flag], by which main hands over to [Main].
//
// A server obeys its standard input, and ends when that does: none outlives the
// run.
package fleet
