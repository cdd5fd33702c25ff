// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import "bytes"

// The colours of JSON.
const (
	keyColor     = "\x1b[1;34m"
	stringColor  = "\x1b[32m"
	numberColor  = "\x1b[36m"
	literalColor = "\x1b[33m"
	noColor      = "\x1b[0m"
)

// paint returns valid JSON in colours, for a terminal.
func paint(text []byte) []byte {
	var out bytes.Buffer
	for len(text) > 0 {
		n, color := token(text)
		if color == "" {
			out.Write(text[:n])
		} else {
			out.WriteString(color)
			out.Write(text[:n])
			out.WriteString(noColor)
		}
		text = text[n:]
	}
	return out.Bytes()
}

// token returns the length and the colour of what text begins with.
func token(text []byte) (n int, color string) {
	switch c := text[0]; {
	case c == '"':
		n = stringEnd(text)
		if rest := bytes.TrimLeft(text[n:], " "); len(rest) > 0 && rest[0] == ':' {
			return n, keyColor
		}
		return n, stringColor
	case c == '-' || c >= '0' && c <= '9':
		color = numberColor
	case c >= 'a' && c <= 'z':
		color = literalColor
	default:
		return 1, ""
	}
	if n = bytes.IndexAny(text, ",]} \n"); n < 0 {
		n = len(text)
	}
	return n, color
}

// stringEnd returns the length of the string that text begins with.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
