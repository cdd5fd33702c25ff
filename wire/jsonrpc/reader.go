// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	readBuffer = 4 << 10
	white      = " \t\r\n"
	// endBytes is how much of each end of a message is kept that is too large.
	endBytes = 1 << 10
)

var (
	errUTF8     = errors.New("the message is not UTF-8")
	errTrailing = errors.New("something follows the message")
)

// syntaxError says that what came is not JSON, or not an object or array. What
// follows it cannot be told apart.
type syntaxError struct{ error }

func (e syntaxError) Unwrap() error { return e.error }

// sizeError says that a message is larger than allowed.
type sizeError struct {
	size       int64
	limit      int
	whole      bool   // it was read past; else the stream cannot be read further
	head, tail []byte // its ends
}

func (e *sizeError) Error() string {
	least := ""
	if !e.whole {
		least = "at least "
	}
	return fmt.Sprintf("message of %s%d bytes, more than the %d that MaxReceive allows", least, e.size, e.limit)
}

// reader cuts a stream of JSON objects and arrays into single ones.
type reader struct {
	in       *bufio.Reader
	envelope int
	maxSkip  int
}

// newReader returns a reader of in. What goes beyond the limit given to next may
// be envelope bytes: a limit is for what is inside a message. A message that is
// larger, but not than maxSkip, is read past.
func newReader(in io.Reader, envelope, maxSkip int) *reader {
	return &reader{in: bufio.NewReaderSize(in, readBuffer), envelope: envelope, maxSkip: maxSkip}
}

// next reads the next message, of at most as many bytes as limit returns once
// its first has come. It holds no more memory than what has come, up to the
// limit. At the end of the stream the error is io.EOF. After a *sizeError with
// whole set, or errUTF8, the stream goes on.
func (r *reader) next(limit func() int) ([]byte, error) {
	if err := r.skipWhite(); err != nil {
		return nil, err
	}
	return r.message(limit())
}

// message reads a message that begins with the next byte.
func (r *reader) message(limit int) ([]byte, error) {
	var s scanner
	var message, tail []byte
	most := limit + r.envelope
	for done := false; !done; {
		piece, err := r.buffered()
		if err != nil {
			return nil, unexpected(err)
		}
		var n int
		if n, done, err = s.next(piece); err != nil {
			return nil, syntaxError{err}
		}
		piece = piece[:n]
		message = append(message, piece[:min(n, most-len(message))]...)
		if s.read > int64(most) {
			tail = append(tail, piece...)
			tail = append(tail[:0], tail[max(0, len(tail)-endBytes):]...)
		}
		_, _ = r.in.Discard(n) // they are there
		if s.read > int64(max(most, r.maxSkip)) {
			break
		}
	}
	switch {
	case s.read > int64(most):
		e := &sizeError{size: s.read, limit: limit, whole: s.state == scanEnd, head: bytes.Clone(message[:min(len(message), endBytes)])}
		if e.whole {
			e.tail = tail
		}
		return nil, e
	case !utf8.Valid(message):
		return message, errUTF8
	}
	return message, nil
}

// buffered waits for bytes and returns them, not yet read.
func (r *reader) buffered() ([]byte, error) {
	if _, err := r.in.Peek(1); err != nil {
		return nil, err
	}
	return r.in.Peek(r.in.Buffered())
}

// skipWhite reads the white space before a message.
func (r *reader) skipWhite() error {
	for {
		piece, err := r.buffered()
		if err != nil {
			return err
		}
		rest := bytes.TrimLeft(piece, white)
		_, _ = r.in.Discard(len(piece) - len(rest))
		if len(rest) > 0 {
			return nil
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
