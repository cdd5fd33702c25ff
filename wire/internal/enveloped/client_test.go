// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

const (
	one = `{"Value":"one"}`
	two = `{"Value":"two"}`
)

// well returns how a server of each protocol answers with messages, well.
func well(mediaType string, messages ...string) answer {
	a := answer{fields: fields("content-type", mediaType+"+json")}
	for _, m := range messages {
		a.body += envelope(0, m)
	}
	switch mediaType {
	case asGRPC:
		a.trailers = fields("grpc-status", "0", "x-end", "fog")
	case asWeb:
		a.body += envelope(0x80, "grpc-status: 0\r\nx-end: fog\r\n")
	default:
		a.body += envelope(2, `{"metadata":{"x-end":["fog"]}}`)
	}
	return a
}

func TestClientRequest(t *testing.T) {
	for mediaType, want := range map[string]wire.Fields{
		asGRPC: fields("content-type", "application/grpc+json", "te", "trailers", "grpc-accept-encoding", "gzip", "grpc-timeout", "5000000u",
			"x-egg-bin", "AP8", "x-bird", "a", "x-bird", "b", "user-agent", "curlew"),
		asWeb: fields("content-type", "application/grpc-web+json", "grpc-accept-encoding", "gzip", "grpc-timeout", "5000000u",
			"x-egg-bin", "AP8", "x-bird", "a", "x-bird", "b", "user-agent", "curlew"),
		asConnect: fields("content-type", "application/connect+json", "connect-protocol-version", "1", "connect-accept-encoding", "gzip", "connect-timeout-ms", "5000",
			"x-egg-bin", "AP8", "x-bird", "a", "x-bird", "b", "user-agent", "curlew"),
	} {
		t.Run(mediaType, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := &transport{answer: well(mediaType, one)}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				s := open(t, ctx, session(t, mediaType, tr), download(),
					curlew.WithHeader("x-egg-bin", "\x00\xff"), curlew.WithHeader("x-bird", "a"), curlew.WithHeader("x-bird", "b"))
				assert.NoError(t, s.Send(ctx, &Text{"hello"}))
				assert.NoError(t, s.Send(ctx, &Text{}))
				assert.NoError(t, s.CloseSend())
				assert.NoError(t, s.CloseSend())
				assert.ErrorIs(t, s.Send(ctx, &Text{}), curlew.Internal)
				texts, err := all(ctx, s)
				assert.NoError(t, err)
				assert.Equal(t, texts, []string{"one"})
				assert.Equal(t, s.Trailer().Get("x-end"), "fog")
				x := tr.exchange
				assert.Equal(t, x.request, wire.HTTPRequest{
					Method: "POST", Scheme: "http", Authority: "there", Path: "/birds.Echo/Download", Length: -1, Fields: want,
				})
				assert.Equal(t, x.sent.String(), envelope(0, `{"Value":"hello"}`)+envelope(0, `{}`))
				assert.True(t, x.closed)
				assert.Equal(t, x.resets, []error{nil}, "it is released")
			})
		})
	}
}

// TestClientUnary: a unary call's request has a known length, and goes out with
// it.
func TestClientUnary(t *testing.T) {
	for _, mediaType := range []string{asGRPC, asWeb} {
		tr := &transport{answer: well(mediaType, one), piece: 3}
		tr.answer.fields.Add("x-bird", "curlew")
		s := open(t, t.Context(), session(t, mediaType, tr), echo(), curlew.WithHeader("user-agent", "mine"))
		x := tr.exchange
		assert.Equal(t, x.sent.String(), envelope(0, `{"Value":"hello"}`))
		assert.Equal(t, x.request.Length, int64(x.sent.Len()))
		assert.True(t, x.closed)
		assert.Equal(t, x.request.Fields[len(x.request.Fields)-1], wire.Field{Name: "user-agent", Value: "mine"})
		assert.ErrorIs(t, s.Send(t.Context(), &Text{}), curlew.Internal)

		assert.NoError(t, s.Wait(t.Context()))
		assert.NoError(t, s.Wait(t.Context()))
		h, err := s.Header(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, h.Get("x-bird"), "curlew")
		assert.Equal(t, s.Trailer().Get("x-end"), "fog")
		var m Text
		assert.NoError(t, s.Receive(t.Context(), &m))
		assert.Equal(t, m.Value, "one")
		assert.Equal(t, s.Receive(t.Context(), &m), io.EOF)
		assert.NoError(t, s.Close())
		assert.Equal(t, x.resets, []error{nil})
		peer, again := s.Peer(), s.Peer()
		assert.True(t, peer == again && peer.Protocol != "", "a peer is named once")
	}
}

// TestClientCompression: who asks for compression gets it, whatever the size;
// a name that is not known is no compression.
func TestClientCompression(t *testing.T) {
	gzip := compress.Gzip()
	packed, err := gzip.Compress(nil, []byte(one))
	assert.NoError(t, err)
	for mediaType, encoding := range map[string]string{asGRPC: "grpc-encoding", asWeb: "grpc-encoding", asConnect: "connect-content-encoding"} {
		tr := &transport{answer: well(mediaType)}
		tr.answer.body = envelope(1, string(packed)) + envelope(1, "") + tr.answer.body
		tr.answer.fields.Add(encoding, "gzip")
		s := open(t, t.Context(), session(t, mediaType, tr), chat(), curlew.WithCompression("gzip"), curlew.WithCodec(proto.New()))
		assert.NoError(t, s.Send(t.Context(), &Text{"x"}))
		assert.NoError(t, s.Send(t.Context(), &Text{}))
		x := tr.exchange
		assert.Equal(t, x.request.Fields.Get(encoding), "gzip")
		assert.Equal(t, x.request.Fields.Get("content-type"), mediaType+"+proto")
		sent := x.sent.String()
		assert.Equal(t, sent[0], byte(1))
		plain, err := gzip.Decompress(nil, []byte(sent[5:len(sent)-5]), 100)
		assert.NoError(t, err)
		assert.Equal(t, string(plain), "\x0a\x01x")
		assert.Equal(t, sent[len(sent)-5:], envelope(0, ""))
		assert.NoError(t, s.Close())

		s = open(t, t.Context(), session(t, mediaType, tr), chat(), curlew.WithCompression("br"))
		assert.NoError(t, s.Send(t.Context(), &Text{"x"}))
		assert.Equal(t, tr.exchange.request.Fields.Get(encoding), "")
		assert.Equal(t, tr.exchange.sent.String(), envelope(0, `{"Value":"x"}`))
		var m Text
		assert.NoError(t, s.Receive(t.Context(), &m))
		assert.Equal(t, m.Value, "one")
		assert.ErrorIs(t, s.Receive(t.Context(), &m), curlew.Internal) // nothing is no JSON
		assert.Equal(t, s.Receive(t.Context(), &m), io.EOF)
	}
}

func TestClientRefuses(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		method  *curlew.Method
		request any
		opt     curlew.CallOption
		code    curlew.Code
		says    string
	}{
		"no message":     {t.Context(), echo(), nil, nil, curlew.InvalidArgument, "nil"},
		"a bad message":  {t.Context(), echo(), func() {}, nil, curlew.InvalidArgument, "encode func()"},
		"a large one":    {t.Context(), echo(), &Text{"x"}, func(o *curlew.CallOptions) { o.MaxSend = 5 }, curlew.ResourceExhausted, "13 bytes is larger than the 5"},
		"a large header": {t.Context(), echo(), &Text{}, curlew.WithHeader("x", strings.Repeat("x", 20_000)), curlew.ResourceExhausted, "header"},
		"gRPC's header":  {t.Context(), echo(), &Text{}, curlew.WithHeader("grpc-status", "7"), curlew.InvalidArgument, "grpc-status"},
		"a late call":    {ended, echo(), &Text{}, nil, curlew.Canceled, "canceled"},
		"a late stream":  {ended, chat(), nil, nil, curlew.Canceled, "canceled"},
		"a bad type":     {t.Context(), curlew.Unary[func(), Text]("birds.Echo/Bad", nil), new(func()), nil, curlew.Unimplemented, "json"},
	} {
		for _, mediaType := range []string{asGRPC, asWeb} {
			tr := new(transport)
			var call curlew.Call
			o := new(curlew.CallOptions)
			if test.opt != nil {
				test.opt(o)
			}
			call.BeginClient(test.ctx, test.method, o, test.request, new(Text))
			_, err := session(t, mediaType, tr).Open(test.ctx, &call)
			e := assert.ErrorAs[*curlew.Error](t, err, name)
			assert.Equal(t, e.Code(), test.code, name, err)
			assert.Equal(t, e.Progress(), curlew.NotSent, name)
			assert.Contains(t, e.Error(), test.says, name)
			assert.True(t, tr.exchange == nil, name, "it was sent")
		}
	}
	no := errors.New("no")
	_, err := client(asGRPC, func(context.Context, *wire.Remote) (wire.HTTPTransport, error) { return nil, no }).Connect(t.Context(), new(wire.Remote))
	assert.ErrorIs(t, err, no)
}

// TestClientPath: names that have a meaning in URLs are escaped.
func TestClientPath(t *testing.T) {
	tr := &transport{answer: well(asGRPC, one)}
	open(t, t.Context(), session(t, asGRPC, tr), curlew.Unary[Text, Text]("birds.Echo/What?", nil))
	assert.Equal(t, tr.exchange.request.Path, "/birds.Echo/What%3F")
}

// TestClientEarlyAnswer: a server that answers before it has taken the request
// is heard.
func TestClientEarlyAnswer(t *testing.T) {
	for _, m := range []*curlew.Method{echo(), upload(), chat()} {
		tr := &transport{answered: true, answer: answer{fields: fields("content-type", asGRPC, "grpc-status", "9", "grpc-message", "enough", "x-end", "fog")}}
		s := open(t, t.Context(), session(t, asGRPC, tr), m)
		if m.Kind() != curlew.KindUnary {
			assert.Equal(t, s.Send(t.Context(), &Text{}), io.EOF)
		}
		err := s.Receive(t.Context(), new(Text))
		e := assert.ErrorAs[*curlew.Error](t, err)
		assert.Equal(t, e.Code(), curlew.FailedPrecondition)
		assert.Equal(t, e.Message(), "enough")
		assert.Equal(t, e.Origin(), curlew.OriginServer)
		assert.Equal(t, e.Progress(), curlew.Answered)
		assert.Equal(t, s.Receive(t.Context(), new(Text)), err)
		if m.Kind() != curlew.KindUnary {
			assert.Equal(t, s.Send(t.Context(), &Text{}), io.EOF)
		}
		assert.Equal(t, s.Trailer().Get("x-end"), "fog")
		_, err = s.Header(t.Context())
		assert.ErrorIs(t, err, curlew.FailedPrecondition)
	}
}

// TestClientTransportFails: what the transport says of its failures is what the
// caller is told.
func TestClientTransportFails(t *testing.T) {
	refused := curlew.NewError(curlew.Unavailable, "refused").WithOrigin(curlew.OriginTransport).WithProgress(curlew.Refused)
	for _, a := range []answer{
		{err: refused},
		{fields: fields("content-type", "application/grpc+json"), broken: refused},
		{fields: fields("content-type", "application/grpc+json"), body: envelope(0, one)[:7], broken: refused},
	} {
		for _, m := range []*curlew.Method{echo(), upload(), chat()} {
			s := open(t, t.Context(), session(t, asGRPC, &transport{answer: a}), m)
			for range 2 {
				assert.Equal(t, s.Receive(t.Context(), new(Text)), error(refused))
			}
		}
	}
}

// TestClientStream: each side of a stream at its own pace, looks at the header
// and the trailer, and what is left undone at Close.
func TestClientStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answer: well(asWeb, one, two), piece: len(envelope(0, one)), hold: make(chan struct{})}
		tr.answer.fields.Add("x-bird", "curlew")
		s := open(t, t.Context(), session(t, asWeb, tr), chat())

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, s.Receive(short, new(Text)), context.DeadlineExceeded)
		_, err := s.Header(short)
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		received := make(chan string)
		go func() {
			for {
				var m Text
				if s.Receive(t.Context(), &m) != nil {
					close(received)
					return
				}
				received <- m.Value
			}
		}()
		synctest.Wait() // it waits for the head, and has the turn
		headers := make(chan string)
		for range 2 {
			go func() {
				h, err := s.Header(t.Context())
				assert.NoError(t, err)
				headers <- h.Get("x-bird")
			}()
		}
		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		_, err = s.Header(late)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, s.Trailer().Len(), 0)

		tr.hold <- struct{}{} // the head
		assert.Equal(t, <-headers, "curlew")
		assert.Equal(t, <-headers, "curlew")
		tr.hold <- struct{}{} // the first message
		assert.Equal(t, <-received, "one")

		assert.NoError(t, s.Close())
		_, more := <-received
		assert.True(t, !more, "the one who receives is told")
		assert.ErrorIs(t, s.Receive(t.Context(), new(Text)), curlew.Canceled)
		assert.Equal(t, s.Send(t.Context(), new(Text)), io.EOF)
		h, err := s.Header(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, h.Get("x-bird"), "curlew")
		assert.NoError(t, s.Close())
		assert.Equal(t, len(tr.exchange.resets), 1)
		assert.ErrorIs(t, tr.exchange.resets[0], curlew.Canceled)
	})
}

// TestClientReceivesOn: a Receive whose time is up loses nothing, in the middle
// of a message or of the end.
func TestClientReceivesOn(t *testing.T) {
	for mediaType, m := range map[string]*curlew.Method{asGRPC: chat(), asWeb: download(), asConnect: upload()} {
		synctest.Test(t, func(t *testing.T) {
			tr := &transport{answer: well(mediaType, one), piece: 4, hold: make(chan struct{})}
			s := open(t, t.Context(), session(t, mediaType, tr), m)
			ended := make(chan struct{})
			defer close(ended)
			go func() {
				for {
					select {
					case <-time.After(time.Second):
						select {
						case tr.hold <- struct{}{}:
						case <-ended:
						}
					case <-ended:
						return
					}
				}
			}()
			var texts []string
			failed := 0
			for s.Trailer().Get("x-end") == "" {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				var m Text
				switch err := s.Receive(ctx, &m); {
				case err == nil:
					texts = append(texts, m.Value)
				case errors.Is(err, context.DeadlineExceeded):
					failed++
				default:
					assert.Equal(t, err, io.EOF)
				}
				cancel()
			}
			assert.Equal(t, texts, []string{"one"}, mediaType)
			assert.True(t, failed > 5, mediaType, failed)
		})
	}
}

// TestClientContext: the call's context ends it, whoever waits.
// TestClientReceiveCanceled receives with a context that has ended: there is no
// message then, even if one has arrived.
func TestClientReceiveCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, t.Context(), session(t, asGRPC, &transport{answer: well(asGRPC, one, two)}), download())
	var got Text
	assert.NoError(t, s.Receive(ctx, &got))
	cancel()
	assert.ErrorIs(t, s.Receive(ctx, &got), curlew.Canceled)
	assert.Equal(t, got.Value, "one")
	assert.NoError(t, s.Receive(t.Context(), &got))
	assert.Equal(t, got.Value, "two")
	assert.Equal(t, s.Receive(t.Context(), &got), io.EOF)
	assert.Equal(t, s.Receive(ctx, &got), io.EOF)
}

func TestClientContext(t *testing.T) {
	left := errors.New("the user has left")
	for _, m := range []*curlew.Method{upload(), chat()} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			tr := &transport{answer: well(asGRPC, one), full: true, hold: make(chan struct{})}
			s := open(t, ctx, session(t, asGRPC, tr), m)
			sent, received := make(chan error, 1), make(chan error, 1)
			go func() { sent <- s.Send(t.Context(), &Text{"x"}) }()
			go func() { received <- s.Receive(t.Context(), new(Text)) }()
			synctest.Wait()
			cancel(left)
			assert.Equal(t, <-sent, io.EOF)
			err := <-received
			assert.ErrorIs(t, err, left)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.MaybeSent)
			synctest.Wait()
			assert.ErrorIs(t, tr.exchange.resets[0], left)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		tr := &transport{hold: make(chan struct{})}
		s := open(t, ctx, session(t, asGRPC, tr), echo())
		err := s.Wait(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, curlew.ErrorOf(err).Origin(), curlew.OriginLocal)
		assert.ErrorIs(t, tr.exchange.resets[0], context.DeadlineExceeded)
		assert.Equal(t, s.Wait(t.Context()), err)
	})
}

// TestClientSendGivenUp: a Send that has begun and is given up ends the call.
func TestClientSendGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{full: true, hold: make(chan struct{})}
		s := open(t, t.Context(), session(t, asConnect, tr), upload())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Send(ctx, &Text{"x"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, s.Send(ctx, &Text{"x"}), context.DeadlineExceeded)
		assert.Equal(t, s.Send(t.Context(), &Text{"x"}), io.EOF)
		assert.Equal(t, s.Receive(t.Context(), new(Text)), err)
		assert.True(t, slices.Equal(tr.exchange.resets, []error{err}))
	})
}
