// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"fmt"
	"strings"

	"github.com/curlewrpc/curlew/wire"
)

// AppendWebTrailers appends trailers as gRPC-Web has them in the body
// (PROTOCOL-WEB, "Trailers": an HTTP/1 header block without its empty line).
func AppendWebTrailers(b []byte, trailers wire.Fields) []byte {
	for _, f := range trailers {
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

// ParseWebTrailers reads what AppendWebTrailers writes, and what others write
// instead: names in any case, lines that end in \n alone.
func ParseWebTrailers(b []byte) (wire.Fields, error) {
	var trailers wire.Fields
	for line := range strings.SplitSeq(string(b), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("the trailers have a line that is no field: %.40q", line)
		}
		trailers.Add(name, strings.Trim(value, " \t"))
	}
	return trailers, nil
}
