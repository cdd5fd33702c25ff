// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"github.com/curlewrpc/curlew/wire/internal/enveloped"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// dialect is that of Connect's streams (specification, "Streaming-Request").
func dialect() enveloped.Dialect {
	return enveloped.Dialect{
		Name:           name,
		MediaType:      "application/connect",
		Encoding:       "connect-content-encoding",
		AcceptEncoding: "connect-accept-encoding",
		Timeout:        timeoutField,
		FormatTimeout:  httpwire.FormatMillis,
		ParseTimeout:   httpwire.ParseMillis,
	}
}
