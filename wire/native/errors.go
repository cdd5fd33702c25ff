// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"errors"
	"fmt"
)

var (
	errVarint = errors.New("integer above 2^53-1 or longer than 8 bytes")
	errShort  = errors.New("payload ends too soon")
)

// closeCode says in a CLOSE frame why a connection ends.
type closeCode uint64

const (
	closeNormal   closeCode = 0 // nothing is wrong
	closeProtocol closeCode = 1 // the peer broke the protocol
	closeLimits   closeCode = 2 // the peer went beyond a limit
	closeLiveness closeCode = 3 // the peer did not answer in time
)

// connError ends a connection and is told to the peer in a CLOSE frame.
type connError struct {
	code closeCode
	text string
}

func (e *connError) Error() string { return e.text }

func protocolErrorf(format string, args ...any) error {
	return &connError{closeProtocol, "protocol error: " + fmt.Sprintf(format, args...)}
}

func limitErrorf(format string, args ...any) error {
	return &connError{closeLimits, fmt.Sprintf(format, args...)}
}
