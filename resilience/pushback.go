// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"strconv"
	"time"

	"github.com/curlewrpc/curlew"
)

// PushbackKey is the trailer by which a server says when a failed call may be
// tried again, in milliseconds, or by a negative number that it must not be
// (gRFC A6, section "Pushback").
const PushbackKey = "grpc-retry-pushback-ms"

// AttemptsKey is the header by which a client says how many attempts of the
// call came before this one (gRFC A6). First attempts have none.
const AttemptsKey = "grpc-previous-rpc-attempts"

// maxPushback bounds the wait that a server may ask for.
const maxPushback = time.Hour

// parsePushback reads a server's wish. ok is whether it allows another try.
// What is not a number forbids it, as gRFC A6 wants.
func parsePushback(trailer *curlew.Header) (wait time.Duration, told, ok bool) {
	text, told := trailer.Lookup(PushbackKey)
	if !told {
		return 0, false, true
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 {
		return 0, true, false
	}
	return time.Duration(min(ms, maxPushback.Milliseconds())) * time.Millisecond, true, true
}

// setPushback tells a client to wait, in whole milliseconds and at least one.
func setPushback(trailer *curlew.Header, wait time.Duration) {
	ms := (min(wait, maxPushback) + time.Millisecond - 1).Milliseconds()
	trailer.Set(PushbackKey, strconv.FormatInt(max(ms, 1), 10))
}
