// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonReader reads the JSON text of RFC 8259 token by token. Its errors say
// at which byte.
type jsonReader struct {
	data          []byte
	pos           int
	refuseUnknown bool
}

// fail returns an error at a byte of the input.
func fail(offset int, format string, args ...any) error {
	return atByte(offset, fmt.Errorf(format, args...))
}

// atByte adds the byte of the input to an error.
func atByte(offset int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("byte %d: %w", offset, err)
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

// got names what is next in the input, for errors.
func (r *jsonReader) got() string {
	switch c := r.peek(); {
	case c == 0 && r.pos == len(r.data):
		return "the end of the input"
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	case r.literal("true"), r.literal("false"):
		return "a boolean"
	case r.literal("null"):
		return "null"
	default:
		return strconv.QuoteRune(rune(c))
	}
}

// literal reports whether a literal is next; it does not read it.
func (r *jsonReader) literal(s string) bool {
	r.peek()
	return bytes.HasPrefix(r.data[r.pos:], []byte(s))
}

// null reads a null if that is next.
func (r *jsonReader) null() bool {
	if !r.literal("null") {
		return false
	}
	r.pos += len("null")
	return true
}

// open reads the brace or bracket that opens a value.
func (r *jsonReader) open(c byte, need string) error {
	if r.peek() != c {
		return r.wrong(need)
	}
	r.pos++
	return nil
}

// wrong says that something else was needed.
func (r *jsonReader) wrong(need string) error {
	got := r.got()
	return fail(r.pos, "got %s, need %s", got, need)
}

// more reads what stands between the elements of a value up to the next one;
// false if the value ends there.
func (r *jsonReader) more(first bool, end byte) (bool, error) {
	switch c := r.peek(); {
	case c == end:
		r.pos++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		r.pos++
		return true, nil
	}
	return false, r.wrong(fmt.Sprintf("',' or %q", end))
}

// key reads a key of an object and the colon behind it. It may alias the
// input.
func (r *jsonReader) key() ([]byte, error) {
	if r.peek() != '"' {
		return nil, r.wrong("a key in quotes")
	}
	key, err := r.text()
	if err != nil {
		return nil, err
	}
	if r.peek() != ':' {
		return nil, r.wrong("':'")
	}
	r.pos++
	return key, nil
}

// text reads a string. It may alias the input.
func (r *jsonReader) text() ([]byte, error) {
	if r.peek() != '"' {
		return nil, r.wrong("a string")
	}
	begin := r.pos
	r.pos++
	start := r.pos
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; {
		case c == '"':
			s := r.data[start:r.pos]
			r.pos++
			if !utf8.Valid(s) {
				return nil, fail(begin, "the string is not valid UTF-8")
			}
			return s, nil
		case c == '\\':
			return r.escaped(begin)
		case c < ' ':
			return nil, fail(r.pos, "a control character in a string; escape it")
		}
		r.pos++
	}
	return nil, fail(begin, "the string does not end")
}

// escaped reads on in a string that began at begin, from its first escape.
func (r *jsonReader) escaped(begin int) ([]byte, error) {
	s := append([]byte(nil), r.data[begin+1:r.pos]...)
	for r.pos < len(r.data) {
		c := r.data[r.pos]
		r.pos++
		switch {
		case c == '"':
			if !utf8.Valid(s) {
				return nil, fail(begin, "the string is not valid UTF-8")
			}
			return s, nil
		case c < ' ':
			return nil, fail(r.pos-1, "a control character in a string; escape it")
		case c != '\\':
			s = append(s, c)
			continue
		case r.pos == len(r.data):
			continue
		}
		escape := r.data[r.pos]
		r.pos++
		if escape == 'u' {
			char, err := r.unicode()
			if err != nil {
				return nil, err
			}
			s = utf8.AppendRune(s, char)
			continue
		}
		i := bytes.IndexByte([]byte(`"\/bfnrt`), escape)
		if i < 0 {
			return nil, fail(r.pos-2, "an unknown escape in a string")
		}
		s = append(s, "\"\\/\b\f\n\r\t"[i])
	}
	return nil, fail(begin, "the string does not end")
}

// unicode reads the digits after \u, and a second \u for a surrogate pair.
func (r *jsonReader) unicode() (rune, error) {
	at := r.pos - 2
	char, ok := r.hex()
	if ok && utf16.IsSurrogate(char) {
		ok = bytes.HasPrefix(r.data[r.pos:], []byte(`\u`))
		if ok {
			r.pos += 2
			var low rune
			low, ok = r.hex()
			char = utf16.DecodeRune(char, low)
			ok = ok && char != utf8.RuneError
		}
	}
	if !ok {
		return 0, fail(at, "\\u needs four hexadecimal digits, and surrogates come in pairs")
	}
	return char, nil
}

// hex reads four hexadecimal digits.
func (r *jsonReader) hex() (rune, bool) {
	if len(r.data)-r.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.data[r.pos:r.pos+4]), 16, 16)
	r.pos += 4
	return rune(n), err == nil
}

// number reads a number as it is written. It aliases the input.
func (r *jsonReader) number() ([]byte, error) {
	if c := r.peek(); c != '-' && (c < '0' || c > '9') {
		return nil, r.wrong("a number")
	}
	rest := r.data[r.pos:]
	n := numberLength(rest)
	if n == 0 || n < len(rest) && bytes.IndexByte([]byte(" \t\r\n,]}"), rest[n]) < 0 {
		return nil, fail(r.pos, "a malformed number")
	}
	r.pos += n
	return rest[:n], nil
}

// numberLength returns the length of the number at the front of b, 0 if there
// is none.
func numberLength(b []byte) int {
	i := 0
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	zero := i
	if !digits() || b[zero] == '0' && i > zero+1 {
		return 0
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// skip reads over a value of any kind.
func (r *jsonReader) skip(depth int) error {
	if depth > maxDepth {
		return fail(r.pos, "values are nested deeper than %d levels", maxDepth)
	}
	switch c := r.peek(); {
	case c == '{', c == '[':
		r.pos++
		end := c + 2 // in ASCII
		for first := true; ; first = false {
			more, err := r.more(first, end)
			if err != nil || !more {
				return err
			}
			if c == '{' {
				if _, err := r.key(); err != nil {
					return err
				}
			}
			if err := r.skip(depth + 1); err != nil {
				return err
			}
		}
	case c == '"':
		_, err := r.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		_, err := r.number()
		return err
	}
	for _, s := range []string{"true", "false", "null"} {
		if r.literal(s) {
			r.pos += len(s)
			return nil
		}
	}
	return r.wrong("a value")
}

// end checks that nothing but white space is left.
func (r *jsonReader) end() error {
	if r.peek(); r.pos < len(r.data) {
		return fail(r.pos, "something follows after the end of the value")
	}
	return nil
}
