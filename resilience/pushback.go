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

const (
	// maxPushback is the longest wait that a server asks for.
	maxPushback = time.Hour
	// mostPatience is the longest wait that a client grants: beyond it the caller,
	// who may have no deadline, had better know.
	mostPatience = 15 * time.Second
)

// parsePushback reads a server's wish. ok is whether it allows another try.
// What is not a number forbids it, as gRFC A6 wants, and a wait that is too long.
func parsePushback(trailer *curlew.Header) (wait time.Duration, told, ok bool) {
	text, told := trailer.Lookup(PushbackKey)
	if !told {
		return 0, false, true
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 || ms > mostPatience.Milliseconds() {
		return 0, true, false
	}
	return time.Duration(ms) * time.Millisecond, true, true
}

// setPushback tells a client to wait, in whole milliseconds and at least one.
func setPushback(trailer *curlew.Header, wait time.Duration) {
	ms := (min(wait, maxPushback) + time.Millisecond - 1).Milliseconds()
	trailer.Set(PushbackKey, strconv.FormatInt(max(ms, 1), 10))
}
