// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"strings"

	"github.com/curlewrpc/curlew"
)

// HTTPProtocol is the server's half of a protocol that owns one HTTP exchange.
// It is safe for concurrent use.
type HTTPProtocol interface {
	// Name is the protocol's name, "connect".
	Name() string
	// Match says whether the request, by method, path and fields, is this
	// protocol's; d tells whether there is such a method. The first Yes gets the
	// request. Maybe is for one that would get an error from this protocol at
	// best: it comes after the user's own http.Handler.
	Match(r *HTTPRequest, d Dispatcher) Match
	// Serve answers the exchange. A protocol that has the method Prompt() reads
	// no more than the head of a request, hands the call to d.Go, which may or
	// may not wait, and returns; its ctx is the connection's, and
	// [Exchange.Attach] tells the call of the client's end. For any other, ctx
	// ends when the client has gone.
	Serve(ctx context.Context, x Exchange, d Dispatcher)
}

// HTTPRequest is the head of an HTTP request.
type HTTPRequest struct {
	Method    string
	Scheme    string // "http" or "https"
	Authority string // host[:port]
	Path      string // as sent, still escaped, with its leading slash
	RawQuery  string // without the question mark
	Major     int    // 1, 2 or 3
	Minor     int
	Fields    Fields
	Length    int64 // of the body; -1 if not known
	Peer      *curlew.Peer
	Limits    Limits // with defaults
	// Draining is closed when the connection should come to its end.
	Draining <-chan struct{}
}

// Fields is an ordered list of HTTP fields with lower-case names.
type Fields []Field

// Field is one HTTP field.
type Field struct{ Name, Value string }

// Get returns the first value of the lower-case name, "" if there is none.
func (f Fields) Get(name string) string {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value
		}
	}
	return ""
}

// Add appends a field, lowering its name.
func (f *Fields) Add(name, value string) { *f = append(*f, Field{strings.ToLower(name), value}) }

// Exchange is one HTTP request and its response on the server. One goroutine
// may read while another writes; Reset and Attach may be called by any.
type Exchange interface {
	// Request returns the head; always the same.
	Request() *HTTPRequest
	// Read reads the request's body; io.EOF ends it. If ctx ends first it returns
	// ctx's cause; whether one may read on after that depends on the HTTP version.
	Read(ctx context.Context, p []byte) (int, error)
	// Respond sends the response's head, once, before the first Write. It is
	// flushed with the first bytes of the body, the end, or by Flush.
	Respond(status int, fields Fields) error
	// Write writes to the response's body. It may wait for the client to take
	// it; if ctx ends while it does, the exchange is reset.
	Write(ctx context.Context, p []byte) (int, error)
	// Flush sends what is buffered.
	Flush() error
	// End writes last, which may be empty, and ends the response, with trailers
	// where the HTTP version has them and the client takes them. On HTTP/2 it
	// does not wait for the client, and keeps none of last.
	End(last []byte, trailers Fields) error
	// Reset abandons the exchange: the client sees a broken response.
	Reset(cause error)
	// Attach has in canceled when the client resets the exchange or is gone.
	Attach(in *Incoming)
}

// HTTPTransport is the client's half of an HTTP version: it begins exchanges
// with one server. It is safe for concurrent use.
type HTTPTransport interface {
	// Do begins an exchange; the request's head goes out with the first bytes of
	// its body or its end, or, if its Length is negative, at once. A body of known
	// length is at its end with its last byte.
	Do(ctx context.Context, r *HTTPRequest) (ClientExchange, error)
	// Capacity, Draining and Close are those of a Session.
	Capacity() int
	Draining() <-chan struct{}
	Close(cause error) error
}

// ClientExchange is one HTTP request and its response on the client, the
// mirror of [Exchange]. Its errors are *curlew.Errors that tell the progress.
type ClientExchange interface {
	// Write writes to the request's body. It may wait for the server to take it;
	// if ctx ends while it does, the exchange is reset. io.EOF tells that the
	// server takes no more, because it has answered.
	Write(ctx context.Context, p []byte) (int, error)
	// CloseWrite ends the request's body. It does not wait.
	CloseWrite() error
	// Response waits for the response's head.
	Response(ctx context.Context) (status int, fields Fields, err error)
	// Read reads the response's body as Read of [Exchange] does the request's.
	Read(ctx context.Context, p []byte) (int, error)
	// Trailers returns the response's trailers after Read has returned io.EOF.
	Trailers() Fields
	// Peer is the server, once it is known; may be nil.
	Peer() *curlew.Peer
	// Reset releases the exchange; one that is not over is abandoned.
	Reset(cause error)
}
