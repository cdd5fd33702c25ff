// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"encoding/json"

	"github.com/curlewrpc/curlew"
)

// appendResult appends the answer of a call that has succeeded.
func appendResult(b []byte, v Version, id, result []byte) []byte {
	b = appendHead(b, v, id)
	b = append(b, `,"result":`...)
	b = append(b, result...)
	if v == Version1 {
		b = append(b, `,"error":null`...)
	}
	return append(b, '}')
}

// appendError appends the answer of a call that has failed. number 0 is that of
// the error's code.
func appendError(b []byte, v Version, id []byte, number int, e *curlew.Error) []byte {
	b = appendHead(b, v, id)
	var value any = newFailure(number, e)
	if v == Version1 {
		b = append(b, `,"result":null`...)
		value = errorText(e)
	}
	encoded, _ := json.Marshal(value) // there is nothing in it that could fail
	b = append(b, `,"error":`...)
	b = append(b, encoded...)
	return append(b, '}')
}

func appendHead(b []byte, v Version, id []byte) []byte {
	if isNull(id) {
		id = null
	}
	if v == Version1 {
		b = append(b, `{"id":`...)
	} else {
		b = append(b, `{"jsonrpc":"2.0","id":`...)
	}
	return append(b, id...)
}
