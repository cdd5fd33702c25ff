// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"strings"
)

// maxDepth bounds how deep messages may be nested, in what is encoded as in
// what is decoded: a value that the other side would refuse is not sent.
const maxDepth = 100

var (
	errDepth     = fmt.Errorf("messages are nested deeper than %d levels", maxDepth)
	errUTF8      = errors.New("the string is not valid UTF-8; use []byte for binary data")
	errTruncated = errors.New("the input ends in the middle of a field")
)

// pathError says at which field of a value encoding or decoding failed.
type pathError struct {
	path string // "Items[2].Price"
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// within prepends an element, "Items" or "[2]", to the path of an error.
func within(element string, err error) error {
	e, ok := err.(*pathError)
	if !ok {
		return &pathError{path: element, err: err}
	}
	e.path = joinPath(element, e.path)
	return e
}

// joinPath joins two paths; indices take no dot.
func joinPath(a, b string) string {
	if strings.HasPrefix(b, "[") {
		return a + b
	}
	return a + "." + b
}
