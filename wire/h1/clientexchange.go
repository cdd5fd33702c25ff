// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// clientExchange is a [wire.ClientExchange]. A request of known length is sent
// as a whole by Response, in its caller's goroutine; one of unknown length by a
// goroutine, while it is being written.
type clientExchange struct {
	client  *client
	outer   context.Context // the caller's, of the whole exchange
	ctx     context.Context // ends with outer, and when the exchange is abandoned
	cancel  context.CancelCauseFunc
	request *http.Request

	body []byte         // of known length
	pipe *io.PipeWriter // of unknown length; else nil

	sent     sync.Once
	done     chan struct{} // closed when response or err is set
	response *http.Response
	err      error

	begun atomic.Bool // the request's head was written
	peer  atomic.Pointer[curlew.Peer]

	mu        sync.Mutex
	abandoned error // why, if it was on this side but not by a context
}

// Do implements [wire.HTTPTransport].
func (c *client) Do(ctx context.Context, r *wire.HTTPRequest) (wire.ClientExchange, error) {
	x := &clientExchange{client: c, outer: ctx, done: make(chan struct{})}
	if err := x.prepare(ctx, r); err != nil {
		return nil, err
	}
	if err := c.add(x); err != nil {
		x.cancel(err)
		return nil, err
	}
	if x.pipe != nil {
		go func() { // Close waits for it
			defer c.running.Done()
			x.send()
		}()
	}
	return x, nil
}

// prepare makes the request.
func (x *clientExchange) prepare(ctx context.Context, r *wire.HTTPRequest) error {
	path, err := url.PathUnescape(r.Path)
	if err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "path %q: %w", r.Path, err).WithProgress(curlew.NotSent)
	}
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	traced := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		GotConn:      x.gotConn,
		WroteHeaders: func() { x.begun.Store(true) },
	})
	request := &http.Request{
		Method: r.Method,
		// The scheme says "plaintext" to the pool: client.connect does TLS itself.
		URL:    &url.URL{Scheme: "http", Host: r.Authority, Path: path, RawPath: r.Path, RawQuery: r.RawQuery},
		Host:   r.Authority,
		Header: make(http.Header, len(r.Fields)),
	}
	for _, f := range r.Fields {
		key := textproto.CanonicalMIMEHeaderKey(f.Name)
		request.Header[key] = append(request.Header[key], f.Value)
	}
	if r.Length < 0 {
		reader, writer := io.Pipe()
		request.Body, request.ContentLength, x.pipe = reader, -1, writer
	} else {
		request.ContentLength = r.Length
	}
	x.request = request.WithContext(traced)
	return nil
}

func (x *clientExchange) gotConn(info httptrace.GotConnInfo) {
	if conn, ok := info.Conn.(*clientConn); ok {
		x.peer.Store(conn.peer)
	}
}

// Peer implements [wire.ClientExchange]. Before the exchange has a connection it
// is the one at the end of the client's newest.
func (x *clientExchange) Peer() *curlew.Peer {
	if peer := x.peer.Load(); peer != nil {
		return peer
	}
	return x.client.peer.Load()
}

// Write implements [wire.ClientExchange].
func (x *clientExchange) Write(ctx context.Context, p []byte) (int, error) {
	if x.pipe == nil {
		x.body = append(x.body, p...)
		return len(p), nil
	}
	stop := context.AfterFunc(ctx, func() { x.abandon(context.Cause(ctx)) })
	defer stop()
	n, err := x.pipe.Write(p)
	if err == nil {
		return n, nil
	}
	// net/http has closed its end: because of an answer or a failure, of which
	// Response tells, or because this side gives up.
	x.mu.Lock()
	abandoned := x.abandoned
	x.mu.Unlock()
	if abandoned == nil && x.ctx.Err() == nil {
		return n, io.EOF
	}
	return n, x.failure(x.outer, err)
}

// CloseWrite implements [wire.ClientExchange].
func (x *clientExchange) CloseWrite() error {
	if x.pipe != nil {
		return x.pipe.Close()
	}
	body := x.body
	if int64(len(body)) != x.request.ContentLength {
		return curlew.Errorf(curlew.Internal, "a request body of %d bytes was announced, %d were written", x.request.ContentLength, len(body)).
			WithProgress(curlew.NotSent)
	}
	if len(body) == 0 {
		x.request.Body = http.NoBody
		return nil
	}
	// net/http sends it again by itself if a connection turns out to be closed.
	x.request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	x.request.Body, _ = x.request.GetBody()
	return nil
}

// send sends the request and waits for the response's head.
func (x *clientExchange) send() {
	defer close(x.done)
	x.response, x.err = x.client.pool.RoundTrip(x.request)
}

// Response implements [wire.ClientExchange].
func (x *clientExchange) Response(ctx context.Context) (int, wire.Fields, error) {
	stop := context.AfterFunc(ctx, func() { x.cancel(context.Cause(ctx)) })
	defer stop()
	if x.pipe == nil {
		x.sent.Do(x.send)
	}
	<-x.done // soon after ctx ends, for RoundTrip heeds it
	if x.err != nil {
		return 0, nil, x.failure(ctx, x.err)
	}
	return x.response.StatusCode, fieldsOf(x.response.Header), nil
}

// Read implements [wire.ClientExchange]. If ctx ends it, the exchange is
// abandoned.
func (x *clientExchange) Read(ctx context.Context, p []byte) (int, error) {
	stop := context.AfterFunc(ctx, func() { x.cancel(context.Cause(ctx)) })
	defer stop()
	n, err := x.response.Body.Read(p)
	if err != nil && err != io.EOF {
		err = x.failure(ctx, err)
	}
	return n, err
}

// Trailers implements [wire.ClientExchange].
func (x *clientExchange) Trailers() wire.Fields { return fieldsOf(x.response.Trailer) }

// Reset implements [wire.ClientExchange].
func (x *clientExchange) Reset(cause error) {
	x.abandon(cause)
	x.client.remove(x)
	select {
	case <-x.done:
		if x.response != nil {
			x.response.Body.Close()
		}
	default:
	}
}

// abandon ends what is under way; an exchange that is over does not notice.
func (x *clientExchange) abandon(cause error) {
	x.mu.Lock()
	if x.abandoned == nil {
		x.abandoned = cause
	}
	x.mu.Unlock()
	x.cancel(cause)
	if x.pipe != nil {
		x.pipe.CloseWithError(errAbandoned)
	}
}

var errAbandoned = errors.New("the exchange is over")

// failure describes why something failed: because this side gave up, or else
// because of err. ctx is that of the operation.
func (x *clientExchange) failure(ctx context.Context, err error) *curlew.Error {
	progress := curlew.NotSent
	if x.begun.Load() {
		progress = curlew.MaybeSent
	}
	x.mu.Lock()
	abandoned := x.abandoned
	x.mu.Unlock()
	var e *curlew.Error
	switch {
	case abandoned != nil:
		return curlew.ErrorOf(abandoned).WithProgress(progress)
	case ctx.Err() != nil:
		return httpwire.ContextError(ctx).WithProgress(progress)
	case x.outer.Err() != nil:
		return httpwire.ContextError(x.outer).WithProgress(progress)
	case errors.As(err, &e): // of client.connect
		return e
	}
	return curlew.Errorf(curlew.Unavailable, "HTTP exchange with %s: %w", x.client.remote, err).
		WithOrigin(curlew.OriginTransport).WithProgress(progress)
}
