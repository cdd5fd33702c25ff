// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import "fmt"

// errCode is an error code of RFC 9113, section 7.
type errCode uint32

const (
	codeNo errCode = iota
	codeProtocol
	codeInternal
	codeFlowControl
	codeSettingsTimeout
	codeStreamClosed
	codeFrameSize
	codeRefused
	codeCancel
	codeCompression
	codeConnect
	codeCalm
	codeSecurity
	codeHTTP11
)

var codeNames = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
	"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
	"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

func (c errCode) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("HTTP/2 error %#x", uint32(c))
}

// connError ends a connection and is told to the peer in a GOAWAY frame.
type connError struct {
	code errCode
	text string
}

func (e *connError) Error() string { return e.text + " (" + e.code.String() + ")" }

func connErrorf(code errCode, format string, args ...any) error {
	return &connError{code, fmt.Sprintf(format, args...)}
}

// streamError ends a stream and is told to the peer in an RST_STREAM frame.
type streamError struct {
	stream uint32
	code   errCode
	text   string
}

func (e *streamError) Error() string {
	return fmt.Sprintf("stream %d: %s (%s)", e.stream, e.text, e.code)
}

func streamErrorf(stream uint32, code errCode, format string, args ...any) error {
	return &streamError{stream, code, fmt.Sprintf(format, args...)}
}
