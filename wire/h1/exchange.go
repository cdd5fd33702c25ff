// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// exchange is a request and its response under net/http, as a [wire.Exchange].
type exchange struct {
	request *wire.HTTPRequest
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController

	// Of the body; they belong to whoever reads.
	atEnd, gaveUp bool

	own   bool   // the connection is the framing's, not somebody else's server's
	ahead *ahead // reads the body; nil: nobody does before it is wanted

	mu       sync.Mutex     // guards the rest
	over     bool           // the connection belongs to the next request
	broken   error          // why it was reset
	attached *wire.Incoming // learns that the client is gone; nil: nobody
	gone     error          // why the client is
}

func newExchange(w http.ResponseWriter, r *http.Request, request *wire.HTTPRequest) *exchange {
	return &exchange{
		request: request, w: w, r: r, control: http.NewResponseController(w),
		atEnd: r.Body == nil || r.Body == http.NoBody,
	}
}

// errGone is the cause of the end of calls whose client has left.
var errGone = curlew.NewError(curlew.Canceled, "the client closed its connection or canceled the request").
	WithOrigin(curlew.OriginTransport)

// serveExchange has p answer x. base is the connection's context, or what
// stands for it.
func serveExchange(base context.Context, p wire.HTTPProtocol, x *exchange, d wire.Dispatcher) {
	ctx, cancel := context.WithCancelCause(base)
	defer cancel(nil)
	stop := context.AfterFunc(x.r.Context(), func() {
		if base.Err() == nil { // else that is the reason why it is gone, and it has a cause
			cancel(errGone)
			x.leave(errGone)
		}
	})
	defer stop()
	// Without it net/http reads a body to its end before it writes. Where it is
	// not supported there is no need for it.
	_ = x.control.EnableFullDuplex()
	if _, ok := p.(httpwire.Prompt); ok {
		d = httpwire.Waiting{Dispatcher: d}
	}
	p.Serve(ctx, x, d)
	x.finish()
}

// Attach implements [wire.Exchange]. It comes before the first Read. A body of
// unknown length may be a conversation, in which the call must learn of the
// client's end at any time.
func (x *exchange) Attach(in *wire.Incoming) {
	if x.own && !x.atEnd && x.request.Length < 0 {
		x.ahead = readAhead(x)
	}
	x.mu.Lock()
	x.attached = in
	gone := x.gone
	x.mu.Unlock()
	if gone != nil {
		in.Cancel(gone)
	}
}

// leave tells the call that its client is gone.
func (x *exchange) leave(cause error) {
	x.mu.Lock()
	x.gone = cause
	in := x.attached
	x.mu.Unlock()
	if in != nil {
		in.Cancel(cause)
	}
}

// Request implements [wire.Exchange].
func (x *exchange) Request() *wire.HTTPRequest { return x.request }

// longAgo is a deadline that ends reading or writing at once.
func longAgo() time.Time { return time.Unix(1, 0) }

// Read implements [wire.Exchange]. Once ctx has ended it, there is no reading
// on, but for a body that is read ahead.
func (x *exchange) Read(ctx context.Context, p []byte) (int, error) {
	if err := x.failed(); err != nil {
		return 0, err
	}
	if x.atEnd {
		return 0, io.EOF
	}
	if x.ahead != nil {
		n, err := x.ahead.read(ctx, p)
		if reset := x.failed(); reset != nil && err != nil && err != io.EOF {
			err = reset
		}
		return n, err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = x.control.SetReadDeadline(longAgo()) // not supported: the read waits for the client
		close(interrupted)
	})
	n, err := x.readBody(p)
	x.atEnd = err == io.EOF
	if !stop() {
		<-interrupted // its deadline must not hit the next request
		if err != nil && !x.atEnd {
			x.gaveUp = true
			err = context.Cause(ctx)
		}
	}
	if reset := x.failed(); reset != nil && err != nil && !x.atEnd {
		err = reset
	}
	return n, err
}

// readBody reads from the body. An error that is an Error tells that the body is
// wrong, such as a chunk without its end; all others but io.EOF, that it was cut.
func (x *exchange) readBody(p []byte) (int, error) {
	n, err := x.r.Body.Read(p)
	var network net.Error
	if err == nil || err == io.EOF || x.r.ProtoMajor > 1 || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) || errors.Is(err, http.ErrBodyReadAfterClose) {
		return n, err
	}
	return n, curlew.Errorf(curlew.InvalidArgument, "the request's body cannot be read: %w", err)
}

// Respond implements [wire.Exchange].
func (x *exchange) Respond(status int, fields wire.Fields) error {
	if err := x.failed(); err != nil {
		return err
	}
	header := x.w.Header()
	header["Content-Type"] = nil // no guesses
	addFields(header, "", fields)
	x.w.WriteHeader(status)
	return nil
}

// Write implements [wire.Exchange].
func (x *exchange) Write(ctx context.Context, p []byte) (int, error) {
	if err := x.failed(); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { x.Reset(context.Cause(ctx)) })
	n, err := x.w.Write(p)
	stop()
	if reset := x.failed(); reset != nil && err != nil {
		err = reset
	}
	return n, err
}

// Flush implements [wire.Exchange].
func (x *exchange) Flush() error {
	if err := x.failed(); err != nil {
		return err
	}
	if err := x.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// End implements [wire.Exchange]. HTTP/1 clients take trailers if they say so
// (RFC 9110, section 6.5.1).
func (x *exchange) End(last []byte, trailers wire.Fields) error {
	if err := x.failed(); err != nil {
		return err
	}
	if len(last) > 0 {
		if _, err := x.w.Write(last); err != nil {
			return err
		}
	}
	if x.r.ProtoMajor > 1 || httpwire.Accepts(x.r.Header.Get("Te"), "trailers") {
		addFields(x.w.Header(), http.TrailerPrefix, trailers)
	}
	return nil
}

func addFields(h http.Header, prefix string, fields wire.Fields) {
	for _, f := range fields {
		key := prefix + textproto.CanonicalMIMEHeaderKey(f.Name)
		h[key] = append(h[key], f.Value)
	}
}

// Reset implements [wire.Exchange]. The connection is of no use afterwards;
// net/http closes it when the exchange is finished.
func (x *exchange) Reset(cause error) {
	if cause == nil {
		cause = curlew.NewError(curlew.Canceled, "the exchange was reset")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over || x.broken != nil {
		return
	}
	x.broken = cause
	// Where they are not supported, reads and writes under way end by themselves.
	_ = x.control.SetReadDeadline(longAgo())
	_ = x.control.SetWriteDeadline(longAgo())
}

// failed returns why the exchange was reset.
func (x *exchange) failed() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.broken
}

// finish leaves the connection to net/http in a state that is fit for the next
// request, or has it closed.
func (x *exchange) finish() {
	x.mu.Lock()
	x.over = true
	broken := x.broken
	x.mu.Unlock()
	if broken != nil {
		if x.ahead != nil {
			x.ahead.finish(0, longAgo())
		}
		panic(http.ErrAbortHandler)
	}
	if x.request.Major == 1 && !x.atEnd {
		x.settle()
	}
}

// The rest of a body that nobody wants is taken if it comes at once and is
// small: that saves the connection.
const (
	settleTime  = 50 * time.Millisecond
	settleBytes = 64 << 10
)

// settle takes the rest of a body that was not read to its end, or else has the
// connection closed after the response: those bytes must not be taken for a
// request, and the server does not wait for what it does not want.
func (x *exchange) settle() {
	if x.ahead != nil {
		if !x.ahead.finish(settleBytes, time.Now().Add(settleTime)) {
			x.closeAfter()
		}
		return
	}
	asks := x.r.Header.Get("Expect") != ""
	deadline := time.Now().Add(settleTime)
	if asks || x.gaveUp {
		deadline = longAgo()
	}
	if x.control.SetReadDeadline(deadline) != nil || asks {
		// Not net/http's own server; or else it closes the connection by itself,
		// and a read would ask for the body.
		return
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(x.r.Body, settleBytes)); err == nil {
		if _, err = x.r.Body.Read(make([]byte, 1)); err == io.EOF {
			return // net/http has set the deadline anew
		}
	}
	x.closeAfter()
}

// closeAfter has net/http close the connection after the response. A reader
// above its limit tells the ResponseWriter to do so, and there is no other way
// once the head is written.
func (x *exchange) closeAfter() {
	_, _ = http.MaxBytesReader(unwrap(x.w), io.NopCloser(endless{}), 0).Read(make([]byte, 2))
}

// unwrap returns net/http's own ResponseWriter, as http.ResponseController
// finds it.
func unwrap(w http.ResponseWriter) http.ResponseWriter {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = wrapper.Unwrap()
	}
}

// endless is a body that is above any limit.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
