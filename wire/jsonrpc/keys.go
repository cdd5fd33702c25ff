// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// uniqueKeys returns an error if an object in b, which is JSON, has a key twice.
// encoding/json would take the last one; somebody before us perhaps the first.
func uniqueKeys(b []byte) error {
	k := keyChecker{b: b}
	key := false // the next string is a key
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{':
			k.starts = append(k.starts, len(k.keys))
			key = true
		case '[':
			k.starts = append(k.starts, inArray)
			key = false
		case '}', ']':
			if err := k.close(); err != nil {
				return err
			}
			key = false
		case ',':
			key = k.starts[len(k.starts)-1] != inArray
		case '"':
			end := stringEnd(b, i)
			if key {
				k.add(i, end)
				key = false
			}
			i = end - 1
		}
	}
	return nil
}

// inArray stands for an array, which has no keys.
const inArray = -1

// keyChecker holds the keys of the objects that are open.
type keyChecker struct {
	b      []byte
	plain  []byte // keys without their escapes
	keys   []key
	starts []int // of each open object, the first of its keys
}

// key is where a key's text stands: in b, or behind its end in plain.
type key struct{ from, to int }

func (k *keyChecker) text(s key) []byte {
	if n := len(k.b); s.from >= n {
		return k.plain[s.from-n : s.to-n]
	}
	return k.b[s.from:s.to]
}

// add notes the string that stands in b from i to end, with its quotes.
func (k *keyChecker) add(i, end int) {
	s := key{i + 1, end - 1}
	if bytes.IndexByte(k.b[s.from:s.to], '\\') >= 0 {
		var text string
		if json.Unmarshal(k.b[i:end], &text) == nil {
			from := len(k.b) + len(k.plain)
			k.plain = append(k.plain, text...)
			s = key{from, from + len(text)}
		}
	}
	k.keys = append(k.keys, s)
}

// close ends the innermost object or array.
func (k *keyChecker) close() error {
	start := k.starts[len(k.starts)-1]
	k.starts = k.starts[:len(k.starts)-1]
	if start == inArray {
		return nil
	}
	keys := k.keys[start:]
	k.keys = k.keys[:start]
	slices.SortFunc(keys, func(x, y key) int { return bytes.Compare(k.text(x), k.text(y)) })
	for i := 1; i < len(keys); i++ {
		if text := k.text(keys[i]); bytes.Equal(text, k.text(keys[i-1])) {
			return fmt.Errorf("the key %.100q is there twice in one object", text)
		}
	}
	return nil
}
