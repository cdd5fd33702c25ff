// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Text is what the tests send, as JSON: {"Value":"x"}.
type Text struct{ Value string }

func echo() *curlew.Method   { return curlew.Unary[Text, Text]("birds.Echo/Unary", nil) }
func upload() *curlew.Method { return curlew.ClientStream[Text, Text]("birds.Echo/Upload", nil) }
func download() *curlew.Method {
	return curlew.ServerStream[Text, Text]("birds.Echo/Download", nil)
}
func chat() *curlew.Method { return curlew.BidiStream[Text, Text]("birds.Echo/Chat", nil) }

// protocols are the clients under test, by the media type before the codec.
func client(mediaType string, dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error)) wire.Protocol {
	switch mediaType {
	case asGRPC:
		return grpc.NewClient(dial, json.New())
	case asWeb:
		return grpcweb.NewClient(dial, json.New())
	default:
		return connect.NewClient(dial, json.New())
	}
}

const (
	asGRPC    = "application/grpc"
	asWeb     = "application/grpc-web"
	asConnect = "application/connect"
)

// answer is what a fake server answers.
type answer struct {
	status   int // 0: 200
	fields   wire.Fields
	body     string
	trailers wire.Fields
	err      error // instead of the head
	broken   error // after the body, instead of its end
}

// transport is a wire.HTTPTransport whose server has made up its mind.
type transport struct {
	wire.HTTPTransport
	answer   answer
	piece    int           // how much a Read gives at most; 0: all
	hold     chan struct{} // what waits for each Read; nil: nothing
	full     bool          // the server takes nothing of requests
	answered bool          // and has answered

	mu       sync.Mutex
	exchange *clientExchange // the last
	peer     curlew.Peer
}

func (tr *transport) Do(ctx context.Context, r *wire.HTTPRequest) (wire.ClientExchange, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.exchange = &clientExchange{transport: tr, request: *r, left: tr.answer.body, over: make(chan struct{})}
	tr.exchange.request.Fields = append(wire.Fields(nil), r.Fields...)
	return tr.exchange, nil
}

type clientExchange struct {
	transport *transport
	request   wire.HTTPRequest
	over      chan struct{} // closed by Reset

	mu     sync.Mutex // guards the rest
	sent   strings.Builder
	closed bool
	left   string
	resets []error
}

var errReset = curlew.NewError(curlew.Canceled, "the exchange is reset")

func (x *clientExchange) Write(ctx context.Context, p []byte) (int, error) {
	if x.transport.answered {
		return 0, io.EOF
	}
	if x.transport.full {
		select {
		case <-ctx.Done():
			return 0, httpwire.ContextError(ctx)
		case <-x.over:
			return 0, errReset
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent.Write(p)
}

func (x *clientExchange) CloseWrite() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	return nil
}

// wait waits for what the test lets through.
func (x *clientExchange) wait(ctx context.Context) error {
	if x.transport.hold == nil {
		return nil
	}
	select {
	case <-x.transport.hold:
		return nil
	case <-ctx.Done():
		return httpwire.ContextError(ctx)
	case <-x.over:
		return errReset
	}
}

func (x *clientExchange) Response(ctx context.Context) (int, wire.Fields, error) {
	if err := x.wait(ctx); err != nil {
		return 0, nil, err
	}
	a := &x.transport.answer
	if a.err != nil {
		return 0, nil, a.err
	}
	if a.status == 0 {
		return 200, a.fields, nil
	}
	return a.status, a.fields, nil
}

func (x *clientExchange) Read(ctx context.Context, p []byte) (int, error) {
	if err := x.wait(ctx); err != nil {
		return 0, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.left == "" {
		if err := x.transport.answer.broken; err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if piece := x.transport.piece; piece > 0 && piece < len(p) {
		p = p[:piece]
	}
	n := copy(p, x.left)
	x.left = x.left[n:]
	return n, nil
}

func (x *clientExchange) Trailers() wire.Fields { return x.transport.answer.trailers }
func (x *clientExchange) Peer() *curlew.Peer    { return &x.transport.peer }

func (x *clientExchange) Reset(cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.resets) == 0 {
		close(x.over)
	}
	x.resets = append(x.resets, cause)
}

// session connects to a fake server.
func session(t testing.TB, mediaType string, tr *transport) wire.Session {
	t.Helper()
	dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) { return tr, nil }
	s, err := client(mediaType, dial).Connect(context.Background(), &wire.Remote{Address: "there:1", Authority: "there"})
	assert.NoError(t, err)
	return s
}

// envelope returns a message in its envelope.
func envelope(flags byte, message string) string {
	b := append([]byte{flags}, binary.BigEndian.AppendUint32(nil, uint32(len(message)))...)
	return string(b) + message
}

// fields makes fields of names and values in turn.
func fields(namesAndValues ...string) (f wire.Fields) {
	for i := 0; i < len(namesAndValues); i += 2 {
		f.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return f
}

// open opens a call of any kind.
func open(t testing.TB, ctx context.Context, s wire.Session, m *curlew.Method, opts ...curlew.CallOption) wire.ClientStream {
	t.Helper()
	var call curlew.Call
	call.BeginClient(ctx, m, curlew.NewCallOptions(opts...), &Text{"hello"}, new(Text))
	stream, err := s.Open(ctx, &call)
	assert.NoError(t, err)
	return stream
}

// all receives to the end, and returns that end.
func all(ctx context.Context, s curlew.Stream) (texts []string, err error) {
	for {
		var m Text
		if err = s.Receive(ctx, &m); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return texts, err
		}
		texts = append(texts, m.Value)
	}
}
