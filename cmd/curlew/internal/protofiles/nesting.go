// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import "bytes"

// maxNesting bounds brackets in brackets, and signs before a number. Protobuf
// allows 32 messages in one another; the experimental compiler has no bound but
// the stack.
const maxNesting = 100

// tooDeep returns the offset where a file nests deeper than that, -1 if it does
// not.
func tooDeep(content []byte) int {
	depth, signs := 0, 0
	for i := 0; i < len(content); i++ {
		c := content[i]
		switch c {
		case '(', '[', '{', '<':
			depth++
		case ')', ']', '}', '>':
			depth--
		case '"', '\'', '/':
			i += skip(content[i:]) - 1
		}
		switch c {
		case '-':
			signs++
		case ' ', '\t', '\r', '\n':
		default:
			signs = 0
		}
		if depth > maxNesting || signs > maxNesting {
			return i
		}
	}
	return -1
}

// skip returns the length of the string or comment that a text begins with, 1 if
// there is none.
func skip(text []byte) int {
	until := func(end string) int {
		if n := bytes.Index(text[2:], []byte(end)); n >= 0 {
			return 2 + n + len(end)
		}
		return len(text)
	}
	switch {
	case bytes.HasPrefix(text, []byte("//")):
		return until("\n")
	case bytes.HasPrefix(text, []byte("/*")):
		return until("*/")
	case text[0] == '/':
		return 1
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0], '\n':
			return i + 1
		}
	}
	return len(text)
}
