// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"time"
)

// Dialect is what the protocols differ in on the way to the server, and what
// names the parts of both heads. It is not changed once in use.
type Dialect struct {
	// Name is the protocol's name, "grpc".
	Name string
	// MediaType is the content type of requests and responses before a plus sign
	// and the codec's name, "application/grpc".
	MediaType string
	// Encoding and AcceptEncoding are the fields that name the compression of
	// messages, and those that may be used in the other direction.
	Encoding, AcceptEncoding string
	// Timeout is the field that has the time until the deadline.
	Timeout       string
	FormatTimeout func(time.Duration) string
	ParseTimeout  func(string) (time.Duration, error)
}
