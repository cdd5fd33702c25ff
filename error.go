// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
)

// Error is the one error type of calls. It says what happened (code, message,
// details) and three facts that decide what to do about it: who made the error
// ([Error.Origin]), how far the call got ([Error.Progress]), and so whether it
// may be tried again without harm ([Error.Retryable]).
//
// An Error is immutable; the With methods return changed copies. errors.Is
// holds for codes, and for context.Canceled and context.DeadlineExceeded where
// the code says so.
type Error struct {
	code     Code
	origin   Origin
	progress Progress
	message  string
	details  []Detail
	cause    error
}

// Origin says who made an error.
type Origin uint8

const (
	// OriginLocal is this process: a handler's error on the server, and on the
	// client an error found before or beside the network, such as the caller's
	// own deadline.
	OriginLocal Origin = iota
	// OriginServer is the peer that served the call: the error came as its answer.
	OriginServer
	// OriginTransport is the connection between the two.
	OriginTransport
)

// String returns "local", "server" or "transport".
func (o Origin) String() string {
	switch o {
	case OriginServer:
		return "server"
	case OriginTransport:
		return "transport"
	default:
		return "local"
	}
}

// Progress says how far a call got before its error, by what was really
// written to the connection.
type Progress uint8

const (
	// MaybeSent is the cautious zero: the peer may have run the call.
	MaybeSent Progress = iota
	// NotSent means that no byte of the call left this process.
	NotSent
	// Refused means that the peer said that it did not begin the call.
	Refused
	// Answered means that the peer ran the call and answered.
	Answered
)

// String returns "maybe_sent", "not_sent", "refused" or "answered".
func (p Progress) String() string {
	switch p {
	case NotSent:
		return "not_sent"
	case Refused:
		return "refused"
	case Answered:
		return "answered"
	default:
		return "maybe_sent"
	}
}

// NewError returns an error with the given code and message. Its origin is
// [OriginLocal].
func NewError(code Code, message string) *Error {
	if code == OK {
		code = Unknown
	}
	return &Error{code: code, message: message}
}

// Errorf formats an error's message as fmt.Errorf does. What %w wraps is found
// by errors.Is and errors.As in this process and never sent to a peer by
// itself.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := NewError(code, err.Error())
	if wraps(err) {
		e.cause = err
	}
	return e
}

func wraps(err error) bool {
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		return true
	}
	return false
}

// Error returns the message, with the code's name before it unless the code is
// [Unknown], the code of plain errors.
func (e *Error) Error() string {
	switch {
	case e.message == "":
		return e.code.String()
	case e.code == Unknown:
		return e.message
	default:
		return e.code.String() + ": " + e.message
	}
}

// Code returns the error's code, never [OK].
func (e *Error) Code() Code { return e.code }

// Message returns the text without the code.
func (e *Error) Message() string { return e.message }

// Details returns the typed details. The caller must not change the slice.
func (e *Error) Details() []Detail { return e.details }

// Origin says who made the error.
func (e *Error) Origin() Origin { return e.origin }

// Progress says how far the call got.
func (e *Error) Progress() Progress { return e.progress }

// Retryable reports whether trying again cannot run the call twice: no peer
// began it.
func (e *Error) Retryable() bool { return e.progress == NotSent || e.progress == Refused }

// Unwrap returns the cause, which stays in this process.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is e's code, or the context error that it stands for.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return e.code == code
	}
	switch e.code {
	case Canceled:
		return target == context.Canceled
	case DeadlineExceeded:
		return target == context.DeadlineExceeded
	}
	return false
}

// WithDetails returns a copy of e with the details added.
func (e *Error) WithDetails(details ...Detail) *Error {
	c := *e
	c.details = append(slices.Clip(e.details), details...)
	return &c
}

// WithCause returns a copy of e that wraps cause.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithOrigin returns a copy of e made by o. Protocols and transports use it.
func (e *Error) WithOrigin(o Origin) *Error {
	c := *e
	c.origin = o
	return &c
}

// WithProgress returns a copy of e at p. Protocols and transports use it.
func (e *Error) WithProgress(p Progress) *Error {
	c := *e
	c.progress = p
	return &c
}

// CodeOf returns the code of err: [OK] for nil, [Unknown] for an error that
// carries none.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	return ErrorOf(err).code
}

// ErrorOf returns err as an *Error, nil for nil. An error that wraps an *Error
// keeps that one's code, facts and details under its own text; a [Code] gives
// its name, the context errors give [Canceled] and [DeadlineExceeded], and
// anything else is [Unknown] with its text.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	var e *Error
	if errors.As(err, &e) {
		c := *e
		c.message, c.cause = err.Error(), err
		return &c
	}
	var code Code
	switch {
	case errors.As(err, &code):
		return NewError(code, err.Error()).WithCause(err)
	case errors.Is(err, context.DeadlineExceeded):
		code = DeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = Canceled
	default:
		code = Unknown
	}
	return &Error{code: code, message: err.Error(), cause: err}
}

// Detail is a typed fact attached to an error: protobuf bytes and the name of
// their type. TypeURL is an opaque tag, by custom the full name of a protobuf
// message with or without a prefix that ends in "/".
type Detail struct {
	TypeURL string
	Value   []byte
}

// NewDetail encodes m as a detail.
func NewDetail(m proto.Message) (Detail, error) {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return Detail{}, fmt.Errorf("curlew: encode error detail: %w", err)
	}
	return Detail{TypeURL: typeURLPrefix + string(m.ProtoReflect().Descriptor().FullName()), Value: value}, nil
}

const typeURLPrefix = "type.googleapis.com/"

// Read decodes the detail into m if it is of m's type, and reports whether it is.
func (d Detail) Read(m proto.Message) (bool, error) {
	name := string(m.ProtoReflect().Descriptor().FullName())
	if tail := d.TypeURL[max(0, len(d.TypeURL)-len(name)):]; tail != name ||
		len(d.TypeURL) > len(name) && d.TypeURL[len(d.TypeURL)-len(name)-1] != '/' {
		return false, nil
	}
	if err := proto.Unmarshal(d.Value, m); err != nil {
		return true, fmt.Errorf("curlew: error detail %s: %w", d.TypeURL, err)
	}
	return true, nil
}
