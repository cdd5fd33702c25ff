// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"fmt"
)

// maxDepth bounds the nesting of a message. Those who decode it recurse on it.
const maxDepth = 1000

// scanner finds the end of one JSON object or array (RFC 8259) that comes in
// pieces, and checks its grammar on the way. It keeps nothing but the kinds of
// the values that are open.
type scanner struct {
	state   scanState
	open    []byte // '{' and '[', the outermost first
	isKey   bool   // the string being read is a key
	hex     int    // digits left of a \u escape
	literal string // rest of true, false or null
	read    int64  // bytes
}

// scanState is what may come next.
type scanState uint8

const (
	scanBegin      scanState = iota // the value that is the message
	scanValue                       // a value
	scanFirstValue                  // a value or the end of the array
	scanKey                         // a key
	scanFirstKey                    // a key or the end of the object
	scanColon                       // the colon after a key
	scanAfter                       // what follows a value inside another
	scanString                      // more of a string
	scanEscape                      // the character after a backslash
	scanHex                         // the digits of a \u escape
	scanLiteral                     // more of true, false or null
	scanMinus                       // a number's digits after its sign
	scanZero                        // what may follow a leading zero
	scanInt                         // more of a number's integer
	scanDot                         // the digits after a point
	scanFraction                    // more of them
	scanE                           // a sign or digits after an e
	scanESign                       // the digits after that sign
	scanExponent                    // more of them
	scanEnd                         // the value is complete
)

// next takes in bytes up to the end of the value and returns how many those
// are. done says that the value is complete.
func (s *scanner) next(b []byte) (n int, done bool, err error) {
	for n < len(b) {
		if s.state == scanString {
			n += plain(b[n:]) // most of most messages
			if n == len(b) {
				break
			}
		}
		again, problem := s.step(b[n])
		if problem != "" {
			return n, false, fmt.Errorf("byte %d, %s: %s", s.read+int64(n), shown(b[n]), problem)
		}
		if again {
			continue
		}
		n++
		if s.state == scanEnd {
			done = true
			break
		}
	}
	s.read += int64(n)
	return n, done, nil
}

// plain returns the number of characters at the head of b that are in no way
// special in a string.
func plain(b []byte) int {
	for i, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(b)
}

func shown(c byte) string {
	if ' ' <= c && c <= '~' {
		return fmt.Sprintf("%q", rune(c))
	}
	return fmt.Sprintf("0x%02x", c)
}

// step takes in one byte, or says what is wrong with it. again says that it has
// only ended a number and is to be looked at once more.
func (s *scanner) step(c byte) (again bool, problem string) {
	switch s.state {
	case scanString, scanEscape, scanHex:
		return false, s.inString(c)
	case scanLiteral:
		if c != s.literal[0] {
			return false, "neither true, false nor null"
		}
		if s.literal = s.literal[1:]; s.literal == "" {
			s.state = scanAfter
		}
		return false, ""
	case scanMinus, scanZero, scanInt, scanDot, scanFraction, scanE, scanESign, scanExponent:
		return s.inNumber(c)
	}
	if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
		return false, ""
	}
	return false, s.token(c)
}

// token takes in the first byte of a token.
func (s *scanner) token(c byte) (problem string) {
	switch s.state {
	case scanBegin:
		if c != '{' && c != '[' {
			return "a message begins with { or ["
		}
		return s.push(c)
	case scanKey, scanFirstKey:
		switch {
		case c == '"':
			s.isKey, s.state = true, scanString
		case c == '}' && s.state == scanFirstKey:
			s.pop()
		default:
			return "a key is due"
		}
	case scanColon:
		if c != ':' {
			return "a colon is due"
		}
		s.state = scanValue
	case scanAfter:
		return s.after(c)
	default:
		return s.value(c)
	}
	return ""
}

// after takes in what follows a value inside another.
func (s *scanner) after(c byte) (problem string) {
	object := s.open[len(s.open)-1] == '{'
	switch {
	case c == ',' && object:
		s.state = scanKey
	case c == ',':
		s.state = scanValue
	case c == '}' && object, c == ']' && !object:
		s.pop()
	default:
		return "a comma or the end is due"
	}
	return ""
}

// value takes in the first byte of a value.
func (s *scanner) value(c byte) (problem string) {
	switch {
	case c == '{', c == '[':
		return s.push(c)
	case c == ']' && s.state == scanFirstValue:
		s.pop()
	case c == '"':
		s.isKey, s.state = false, scanString
	case c == '-':
		s.state = scanMinus
	case c == '0':
		s.state = scanZero
	case '1' <= c && c <= '9':
		s.state = scanInt
	case c == 't':
		s.state, s.literal = scanLiteral, "rue"
	case c == 'f':
		s.state, s.literal = scanLiteral, "alse"
	case c == 'n':
		s.state, s.literal = scanLiteral, "ull"
	default:
		return "a value is due"
	}
	return ""
}

func (s *scanner) push(c byte) (problem string) {
	if len(s.open) == maxDepth {
		return fmt.Sprintf("nested more than %d deep", maxDepth)
	}
	s.open = append(s.open, c)
	s.state = scanFirstValue
	if c == '{' {
		s.state = scanFirstKey
	}
	return ""
}

func (s *scanner) pop() {
	s.open = s.open[:len(s.open)-1]
	s.state = scanAfter
	if len(s.open) == 0 {
		s.state = scanEnd
	}
}

func (s *scanner) inString(c byte) (problem string) {
	switch s.state {
	case scanEscape:
		switch c {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			s.state = scanString
		case 'u':
			s.state, s.hex = scanHex, 4
		default:
			return "no such escape in a string"
		}
	case scanHex:
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return "a hexadecimal digit is due"
		}
		if s.hex--; s.hex == 0 {
			s.state = scanString
		}
	default:
		switch {
		case c == '"' && s.isKey:
			s.state = scanColon
		case c == '"':
			s.state = scanAfter
		case c == '\\':
			s.state = scanEscape
		case c < ' ':
			return "a control character in a string"
		}
	}
	return ""
}

// inNumber takes in a byte of a number or, where the number may end, hands it
// back.
func (s *scanner) inNumber(c byte) (again bool, problem string) {
	digit := '0' <= c && c <= '9'
	exponent := c == 'e' || c == 'E'
	switch s.state {
	case scanMinus:
		switch {
		case c == '0':
			s.state = scanZero
			return false, ""
		case digit:
			s.state = scanInt
			return false, ""
		}
		return false, "a digit is due"
	case scanDot, scanESign:
		if !digit {
			return false, "a digit is due"
		}
		s.state++ // to the state for more of the same
		return false, ""
	case scanE:
		switch {
		case c == '+', c == '-':
			s.state = scanESign
			return false, ""
		case digit:
			s.state = scanExponent
			return false, ""
		}
		return false, "a digit is due"
	}
	switch {
	case digit && s.state != scanZero:
		return false, ""
	case c == '.' && (s.state == scanZero || s.state == scanInt):
		s.state = scanDot
		return false, ""
	case exponent && s.state != scanExponent:
		s.state = scanE
		return false, ""
	}
	s.state = scanAfter
	return true, ""
}
