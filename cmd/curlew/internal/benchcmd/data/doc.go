// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package data makes the requests of a benchmark: JSON as it was given, JSON
// from a template, or the rows of a file.
//
// A text with "{{" in it is a template of text/template. It sees .Seq, the
// number of the call from 0, .Message, the number of the message in its call,
// and .Row, the file's row whose turn it is. Its functions are uuid, now,
// randInt MIN MAX, randString LENGTH, pick A B …, and json VALUE, which writes a
// value as JSON.
package data
