// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// message is a request or an answer. Its parts are JSON, or nil if they are not
// there.
type message struct {
	version Version
	method  []byte
	params  []byte
	id      []byte
	result  []byte
	err     []byte
}

// parse takes a message apart, which is JSON. After an error version and id are
// good enough for an answer.
func parse(b []byte) (m message, err error) {
	m.version = Version2
	if b[0] != '{' {
		return m, fmt.Errorf("a request is an object and not %s", cut(b))
	}
	if err := uniqueKeys(b); err != nil {
		return m, err
	}
	m.version = Version1
	for name, value := range members(b) {
		err = errors.Join(err, m.take(name, value))
	}
	return m, errors.Join(err, m.check())
}

// take takes in a member. Those with other names are nobody's business.
func (m *message) take(name string, value []byte) error {
	switch name {
	case "jsonrpc":
		if string(value) == `"1.0"` {
			break
		}
		if m.version = Version2; string(value) != `"2.0"` {
			return fmt.Errorf(`jsonrpc is %s and not "2.0"`, cut(value))
		}
	case "method":
		m.method = value
	case "params":
		m.params = value
	case "id":
		m.id = value
	case "result":
		m.result = value
	case "error":
		m.err = value
	}
	return nil
}

// check says what JSON-RPC 2.0 does not allow. An id that cannot be one is
// dropped.
func (m *message) check() error {
	if m.version == Version1 {
		return nil
	}
	if m.id != nil && bytes.IndexByte([]byte(`"-0123456789n`), m.id[0]) < 0 {
		err := fmt.Errorf("the id is %s and not a string, a number or null", cut(m.id))
		m.id = nil
		return err
	}
	if m.params != nil && m.params[0] != '{' && m.params[0] != '[' {
		return fmt.Errorf("params are %s and neither a list nor an object", cut(m.params))
	}
	return nil
}

// cut shortens JSON for an error's text.
func cut(b []byte) string {
	const most = 40
	if len(b) <= most {
		return string(b)
	}
	return string(bytes.ToValidUTF8(b[:most], nil)) + "…"
}

var null = []byte("null")

// isNull reports whether a part is null or not there.
func isNull(part []byte) bool { return part == nil || bytes.Equal(part, null) }

// name returns the name of the method that is called.
func (m *message) name() (string, error) {
	if m.method == nil {
		return "", errors.New("there is no method")
	}
	var name string
	if m.method[0] != '"' || json.Unmarshal(m.method, &name) != nil {
		return "", fmt.Errorf("the method is %s and not a string", cut(m.method))
	}
	return name, nil
}

// members ranges over the members of an object, which is JSON, up to its end or
// to where it is cut off.
func members(b []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := skip(b, 1, white); i < len(b) && b[i] == '"'; i = skip(b, i, white+",") {
			end := stringEnd(b, i)
			var name string
			if json.Unmarshal(b[i:end], &name) != nil {
				return
			}
			i = skip(b, end, white+":")
			end = valueEnd(b, i)
			if end >= len(b) || !yield(name, b[i:end]) {
				return
			}
			i = end
		}
	}
}

// elements ranges over the elements of an array, which is JSON.
func elements(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := skip(b, 1, white); i < len(b) && b[i] != ']'; i = skip(b, i, white+",") {
			end := valueEnd(b, i)
			if !yield(b[i:end]) {
				return
			}
			i = end
		}
	}
}

// skip returns the first position from i on whose byte is not in cutset.
func skip(b []byte, i int, cutset string) int {
	return len(b) - len(bytes.TrimLeft(b[min(i, len(b)):], cutset))
}

// stringEnd returns the position behind the string that begins at b[i].
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueEnd returns the position behind the value that begins at b[i], len(b) if
// it is cut off.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\r', '\n', ',', ':': // only inside of an object or array
			i++
		default:
			for i < len(b) && !delimits(b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return len(b)
}

// delimits reports whether c ends a number or a word.
func delimits(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ':', ']', '}':
		return true
	}
	return false
}

// ends returns the version and the id of a message of which only the two ends
// are known; nil if the id is not in either. Our client puts it first, Go's
// last.
func ends(head, tail []byte) (Version, []byte) {
	m := message{version: Version1}
	if head[0] != '{' {
		return Version2, nil
	}
	for name, value := range members(head) {
		_ = m.take(name, value)
	}
	if m.id == nil {
		m.id = lastID(tail)
	}
	if m.check() != nil {
		m.id = nil
	}
	return m.version, bytes.Clone(m.id)
}

// lastID finds the id in the end of an object whose last member it is.
func lastID(tail []byte) []byte {
	tail, ok := bytes.CutSuffix(tail, []byte("}"))
	if !ok {
		return nil
	}
	tail = bytes.TrimRight(tail, white)
	// Inside a string, or at the end of another key, the quotes would be escaped.
	at := bytes.LastIndex(tail, []byte(`"id"`))
	if at < 0 || !bytes.HasSuffix(bytes.TrimRight(tail[:at], white), []byte(",")) {
		return nil
	}
	id, ok := bytes.CutPrefix(bytes.TrimLeft(tail[at+len(`"id"`):], white), []byte(":"))
	id = bytes.TrimLeft(id, white)
	if !ok || len(id) == 0 || id[0] == '{' || id[0] == '[' || valueEnd(id, 0) != len(id) {
		return nil
	}
	return id
}
