// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// endStreamJSON is the last message of a Connect stream ("EndStreamResponse").
type endStreamJSON struct {
	Error    *errorJSON          `json:"error,omitempty"`
	Metadata map[string][]string `json:"metadata,omitempty"`
}

// AppendEndStream appends the last message of a Connect stream: the trailers and
// the outcome, nil for OK.
func AppendEndStream(b []byte, trailers wire.Fields, e *curlew.Error) []byte {
	if len(trailers) == 0 && e == nil {
		return append(b, "{}"...)
	}
	var out endStreamJSON
	if e != nil {
		out.Error = errorToJSON(e)
	}
	if len(trailers) > 0 {
		out.Metadata = make(map[string][]string, len(trailers))
		for _, f := range trailers {
			out.Metadata[f.Name] = append(out.Metadata[f.Name], f.Value)
		}
	}
	return appendJSON(b, out)
}

// ParseEndStream reads the last message of a Connect stream as the answer of a
// server: the trailers, in the order of their names, and the outcome, nil for
// OK. err tells that it is no such message.
func ParseEndStream(b []byte) (trailers wire.Fields, e *curlew.Error, err error) {
	var in endStreamJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, nil, fmt.Errorf("the end of the stream is not understood: %w", err)
	}
	for name, values := range in.Metadata {
		for _, value := range values {
			trailers = append(trailers, wire.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	slices.SortStableFunc(trailers, func(a, b wire.Field) int { return strings.Compare(a.Name, b.Name) })
	if in.Error != nil {
		code, ok := in.Error.code()
		if !ok {
			code = curlew.Unknown
		}
		e = in.Error.toError(code)
	}
	return trailers, e, nil
}
