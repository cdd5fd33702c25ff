// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import "context"

// Stream is one RPC in its untyped form: a sequence of messages each way. The
// typed streams ([Sender], [Receiver], [Bidi], [Upload], [Dialogue]) are made
// over it.
//
// One goroutine may send while another receives; Close may be called by any.
// Messages are pointers, as made by [Method.NewRequest].
type Stream interface {
	// Send sends m. It waits for the peer's credit: back-pressure. When it
	// returns, m is the caller's again. If ctx ends after bytes of m have left,
	// the stream is reset. io.EOF on a client means that the call is over and
	// Receive knows why.
	Send(ctx context.Context, m any) error
	// Receive decodes the next message into m. It returns io.EOF after the last
	// message of a stream that ended well, and an *Error otherwise. If ctx ends
	// first, the stream stays usable where the protocol allows it.
	Receive(ctx context.Context, m any) error
	// CloseSend tells the peer that no more messages come. On the server it does
	// nothing: returning from the handler ends the replies.
	CloseSend() error
	// Close releases the stream. A call that is not over is canceled.
	Close() error
	// Header waits for the peer's header: on the server the request's, which is
	// there; on the client the reply's.
	Header(ctx context.Context) (*Header, error)
	// Trailer returns the metadata after the reply, on the client once Receive
	// has returned an error, io.EOF included. It is never nil.
	Trailer() *Header
}
