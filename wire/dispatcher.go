// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/workers"
)

// Dispatcher finds and runs methods. It is safe for concurrent use.
type Dispatcher interface {
	// Lookup finds a method. An empty service finds a method whose name is
	// unique. The error is a *curlew.Error with code Unimplemented that says
	// which services or methods there are instead.
	Lookup(service, method string, a Attributes) (*Target, error)
	// Go runs a call on a goroutine of the dispatcher's. It does not wait. If
	// the dispatcher takes no more calls, Go finishes the stream with Refused
	// progress.
	Go(in *Incoming)
	// Serve runs a call and returns when the stream is finished and the handler
	// has ended. It survives a handler that ends its goroutine.
	Serve(in *Incoming)
}

// Attributes choose among methods of one name, for protocols that carry them.
type Attributes struct {
	Version, Group string
	// Fallback tells that the protocol can pass messages undecoded, so that the
	// call may go to what stands in for methods that are not registered.
	Fallback bool
	// Kind is the call's, for Fallback: KindBidi where its protocol does not tell.
	Kind curlew.Kind
}

// Target is a method that can be served. It is immutable, and valid as long as
// the dispatcher: protocols may keep it.
type Target struct {
	Method *curlew.Method
	// Handler is the method's handler inside its interceptors and limits.
	Handler curlew.Handler
	// MaxReceive and MaxSend bound a message's size in bytes; 0 means the
	// connection's [Limits].
	MaxReceive, MaxSend int
	// Timeout bounds calls that bring no deadline; 0 is no bound. The dispatcher
	// applies it.
	Timeout time.Duration
	// Raw tells that the method stands in for others: its messages are *[]byte,
	// encoded, in whatever codec the call has. The protocol's stream then has a
	// method Codec() curlew.Codec: a codec of that name that passes them.
	Raw bool
	// Pace knows how long the handler of a unary method takes; nil: nobody does.
	Pace *workers.Pace
}

// ServerStream is one call as its protocol sees it on the server.
//
// For a method with one request, Receive returns the message once it is known
// to be the only one; none or a second one is an InvalidArgument error, or
// Unimplemented where that is the protocol's custom.
//
// The reply header and trailer are those of the call ([curlew.Call.ReplyHeader],
// [curlew.Call.ReplyTrailer], reached through [Incoming.Call]): the header is
// read at the first Send, SendHeader or Finish, the trailer at Finish.
type ServerStream interface {
	curlew.Stream
	// SendHeader sends the reply header now; later calls do nothing.
	SendHeader(ctx context.Context) error
	// Finish ends the call. The dispatcher calls it exactly once, when the
	// handler has returned. A reply that is not nil is sent as the last message
	// before the trailer; if it cannot be, the call ends with that error instead,
	// which Finish returns. err nil means OK. If a message's own encoding panics,
	// Finish may panic; then the dispatcher calls it once more with an error.
	Finish(reply any, err *curlew.Error) *curlew.Error
}
