// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"fmt"

	"github.com/curlewrpc/curlew"
)

const (
	maxMessageText = 16 << 10 // bytes of an error's message
	maxDetails     = 64
	maxDetailBytes = 12 << 10 // of all details together
)

// appendError appends an error's code, message and details. What goes beyond
// the protocol's bounds is cut: an answer that says less beats none.
func appendError(b []byte, e *curlew.Error) []byte {
	b = appendUvarint(b, uint64(e.Code()))
	text := e.Message()
	if len(text) > maxMessageText {
		text = fmt.Sprintf("%s… (%d bytes in all)", cut(text, maxMessageText-64), len(text))
	}
	b = appendString(b, text)
	var fit []curlew.Detail
	room := maxDetailBytes
	for _, d := range e.Details() {
		if room -= len(d.TypeURL) + len(d.Value); room < 0 || len(fit) == maxDetails {
			break
		}
		fit = append(fit, d)
	}
	b = appendUvarint(b, uint64(len(fit)))
	for _, d := range fit {
		b = appendString(b, d.TypeURL)
		b = appendString(b, string(d.Value))
	}
	return b
}

// parseError reads what appendError wrote.
func parseError(r *reader) *curlew.Error {
	code := r.uint()
	text := r.string(maxMessageText)
	n := r.uint()
	if n > maxDetails {
		r.fail(fmt.Errorf("%d error details, more than the %d allowed", n, maxDetails))
	}
	var details []curlew.Detail
	for range n {
		if r.err != nil {
			break
		}
		details = append(details, curlew.Detail{TypeURL: r.string(maxName), Value: []byte(r.string(maxDetailBytes))})
	}
	if code == 0 || code > 16 {
		code = uint64(curlew.Unknown)
	}
	return curlew.NewError(curlew.Code(code), text).WithDetails(details...)
}

// cut returns at most n bytes of s, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
