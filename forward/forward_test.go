// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/forward"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/native"
)

func TestMain(m *testing.M) { assert.Main(m) }

// Note is every message.
type Note struct{ Text string }

// serve serves d in memory, in all protocols that can pass messages on.
func serve(t *testing.T, d *dispatch.Dispatcher) *mem.Network {
	t.Helper()
	network := mem.New()
	l, err := network.Listen("server:1")
	assert.NoError(t, err)
	codecs := []curlew.Codec{json.New(), proto.New()}
	protocols := []wire.HTTPProtocol{grpc.NewServer(codecs), grpcweb.NewServer(codecs), connect.NewServer(codecs)}
	source, err := wire.NewListener(l, wire.ListenerConfig{
		Framings: []wire.Framing{native.New(proto.New(), json.New()), h2.New(protocols), h1.New(protocols)}, Logger: slog.New(slog.DiscardHandler),
	})
	assert.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- source.Serve(ctx, d) }()
	t.Cleanup(func() {
		stop()
		<-served
		assert.NoError(t, d.Shutdown(context.Background()))
	})
	return network
}

// caller connects to a server.
func caller(t *testing.T, network *mem.Network, p wire.Protocol) curlew.Caller {
	t.Helper()
	session, err := p.Connect(t.Context(), &wire.Remote{
		Network: "tcp", Address: "server:1", Authority: "server", Dial: network.DialContext, Logger: slog.New(slog.DiscardHandler),
	})
	assert.NoError(t, err)
	t.Cleanup(func() { session.Close(nil) })
	return wire.NewCaller(session)
}

// notes is the service that calls are passed on to.
func notes(t *testing.T) *curlew.Service {
	answer := func(ctx context.Context, text string) (string, error) {
		call := curlew.CallFrom(ctx)
		for _, value := range call.Header().Values("x-note-bin") {
			call.ReplyHeader().Add("x-note-bin", value)
			call.ReplyTrailer().Add("x-end-bin", value)
		}
		if text == "fail" {
			detail, err := curlew.NewDetail(durationpb.New(7))
			assert.NoError(t, err)
			return "", curlew.NewError(curlew.Aborted, "as told").WithDetails(detail)
		}
		return text, nil
	}
	return curlew.NewService("Notes",
		curlew.Unary("Echo", func(ctx context.Context, in *Note) (*Note, error) {
			text, err := answer(ctx, in.Text)
			return &Note{text}, err
		}),
		curlew.ServerStream("Words", func(ctx context.Context, in *Note, out curlew.Sender[Note]) error {
			if _, err := answer(ctx, ""); err != nil {
				return err
			}
			for word := range strings.FieldsSeq(in.Text) {
				text, err := answer(ctx, word)
				if err == nil {
					err = out.Send(ctx, &Note{text})
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.ClientStream("Join", func(ctx context.Context, in curlew.Receiver[Note]) (*Note, error) {
			var all []string
			for note, err := range in.All(ctx) {
				if err != nil {
					return nil, err
				}
				all = append(all, note.Text)
			}
			text, err := answer(ctx, strings.Join(all, " "))
			return &Note{text}, err
		}),
		curlew.BidiStream("Talk", func(ctx context.Context, s curlew.Bidi[Note, Note]) error {
			if _, err := answer(ctx, ""); err != nil {
				return err
			}
			if err := curlew.CallFrom(ctx).SendHeader(ctx); err != nil {
				return err
			}
			for note, err := range s.All(ctx) {
				if err != nil {
					return err
				}
				text, err := answer(ctx, note.Text)
				if err == nil {
					err = s.Send(ctx, &Note{text})
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.BidiStream("Wait", func(ctx context.Context, s curlew.Bidi[Note, Note]) error {
			if err := s.Send(ctx, &Note{"waiting"}); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}),
	)
}

var (
	echo  = curlew.Unary[Note, Note]("Notes/Echo", nil)
	words = curlew.ServerStream[Note, Note]("Notes/Words", nil)
	join  = curlew.ClientStream[Note, Note]("Notes/Join", nil)
	talk  = curlew.BidiStream[Note, Note]("Notes/Talk", nil)
	wait  = curlew.BidiStream[Note, Note]("Notes/Wait", nil)
)

// chain returns a caller, by one protocol, of a server that passes all on to
// another, by another.
func chain(t *testing.T, first, second wire.Protocol) curlew.Caller {
	t.Helper()
	behind, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	assert.NoError(t, behind.Register(notes(t)))
	next := caller(t, serve(t, behind), second)
	before, err := dispatch.New(dispatch.Config{Fallback: forward.To(next)})
	assert.NoError(t, err)
	return caller(t, serve(t, before), first)
}

func TestForward(t *testing.T) {
	for name, test := range map[string]struct{ first, second wire.Protocol }{
		"grpc to grpc":          {grpc.NewClient(h2.Dial, proto.New()), grpc.NewClient(h2.Dial, proto.New())},
		"grpc as json to grpc":  {grpc.NewClient(h2.Dial, json.New()), grpc.NewClient(h2.Dial, proto.New())},
		"grpc to grpcweb":       {grpc.NewClient(h2.Dial, proto.New()), grpcweb.NewClient(h2.Dial, json.New())},
		"grpcweb to grpc":       {grpcweb.NewClient(h2.Dial, proto.New()), grpc.NewClient(h2.Dial, proto.New())},
		"native to native":      {native.New(proto.New()), native.New(proto.New())},
		"native to grpc":        {native.New(json.New()), grpc.NewClient(h2.Dial, proto.New())},
		"native to connect":     {native.New(proto.New()), connect.NewClient(h2.Dial, json.New())},
		"connect to grpc":       {connect.NewClient(h2.Dial, json.New()), grpc.NewClient(h2.Dial, proto.New())},
		"connect h1 to connect": {connect.NewClient(h1.Dial, proto.New()), connect.NewClient(h2.Dial, json.New())},
	} {
		t.Run(name, func(t *testing.T) {
			c := chain(t, test.first, test.second)
			t.Run("unary", func(t *testing.T) { unary(t, c) })
			if name == "connect h1 to connect" { // streams of Connect's do not tell their kind, and the next server wants to know
				return
			}
			if test.first.Name() == "connect" || test.second.Name() != "connect" {
				t.Run("streams", func(t *testing.T) { streams(t, c) })
			}
			t.Run("errors", func(t *testing.T) { failures(t, c) })
		})
	}
}

// unary calls and looks at all that comes back.
func unary(t *testing.T, c curlew.Caller) {
	var header, trailer curlew.Header
	var reply Note
	err := c.Invoke(t.Context(), echo, &Note{"curlew"}, &reply, curlew.WithHeader("x-note-bin", "\x00\xff"), curlew.WithHeader("x-note-bin", "2"),
		curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
	assert.NoError(t, err)
	assert.Equal(t, reply.Text, "curlew")
	assert.Equal(t, header.Values("x-note-bin"), []string{"\x00\xff", "2"})
	assert.Equal(t, trailer.Values("x-end-bin"), []string{"\x00\xff", "2"})
}

func streams(t *testing.T, c curlew.Caller) {
	down, err := curlew.OpenServerStream[Note, Note](t.Context(), c, words, &Note{"curlew whimbrel"}, curlew.WithHeader("x-note-bin", "1"))
	assert.NoError(t, err)
	var got []string
	for note, err := range down.All(t.Context()) {
		assert.NoError(t, err)
		got = append(got, note.Text)
	}
	assert.Equal(t, got, []string{"curlew", "whimbrel"})
	assert.Equal(t, down.Stream().Trailer().Get("x-end-bin"), "1")

	up, err := curlew.OpenClientStream[Note, Note](t.Context(), c, join)
	assert.NoError(t, err)
	for _, text := range []string{"curlew", strings.Repeat("whimbrel ", 20_000)} {
		assert.NoError(t, up.Send(t.Context(), &Note{text}))
	}
	reply, err := up.CloseAndReceive(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, reply.Text, "curlew "+strings.Repeat("whimbrel ", 20_000))

	both, err := curlew.OpenBidi[Note, Note](t.Context(), c, talk, curlew.WithHeader("x-note-bin", "3"))
	assert.NoError(t, err)
	h, err := both.Stream().Header(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, h.Get("x-note-bin"), "3", "the header comes before any message")
	for _, text := range []string{"curlew", "", "whimbrel"} {
		assert.NoError(t, both.Send(t.Context(), &Note{text}))
		note, err := both.Receive(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, note.Text, text)
	}
	assert.NoError(t, both.CloseSend())
	_, err = both.Receive(t.Context())
	assert.Equal(t, err, io.EOF)

	ctx, cancel := context.WithCancel(t.Context())
	waiting, err := curlew.OpenBidi[Note, Note](ctx, c, wait)
	assert.NoError(t, err)
	_, err = waiting.Receive(ctx)
	assert.NoError(t, err)
	cancel()
	_, err = waiting.Receive(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

func failures(t *testing.T, c curlew.Caller) {
	var header, trailer curlew.Header
	err := c.Invoke(t.Context(), echo, &Note{"fail"}, new(Note), curlew.WithHeader("x-note-bin", "1"), curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
	e := assert.ErrorAs[*curlew.Error](t, err)
	assert.Equal(t, e.Error(), "aborted: as told")
	assert.Equal(t, len(e.Details()), 1, "the details come, too")
	assert.Equal(t, trailer.Get("x-end-bin"), "1")

	err = c.Invoke(t.Context(), curlew.Unary[Note, Note]("Notes/Missing", nil), new(Note), new(Note))
	assert.ErrorIs(t, err, curlew.Unimplemented)
	assert.Contains(t, err.Error(), "unknown method")
}

// TestForwardLimit: a request that is too large here ends the call with the
// reason, not with its consequence.
func TestForwardLimit(t *testing.T) {
	behind, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	assert.NoError(t, behind.Register(notes(t)))
	next := caller(t, serve(t, behind), grpc.NewClient(h2.Dial, proto.New()))
	before, err := dispatch.New(dispatch.Config{
		Fallback: forward.To(next), Methods: map[string]dispatch.MethodConfig{"Notes/*": {MaxReceive: 100}},
	})
	assert.NoError(t, err)
	c := caller(t, serve(t, before), grpc.NewClient(h2.Dial, proto.New()))
	up, err := curlew.OpenClientStream[Note, Note](t.Context(), c, join)
	assert.NoError(t, err)
	assert.NoError(t, up.Send(t.Context(), &Note{strings.Repeat("x", 200)}))
	_, err = up.CloseAndReceive(t.Context())
	assert.ErrorIs(t, err, curlew.ResourceExhausted)
	assert.Contains(t, err.Error(), "larger than the 100")
}

// TestForwardToNobody: an error of the way there is told as one.
func TestForwardToNobody(t *testing.T) {
	d, err := dispatch.New(dispatch.Config{Fallback: forward.To(nobody{})})
	assert.NoError(t, err)
	c := caller(t, serve(t, d), native.New(proto.New()))
	err = c.Invoke(t.Context(), echo, new(Note), new(Note))
	assert.ErrorIs(t, err, curlew.Unavailable)
	assert.Contains(t, err.Error(), "nobody there")
	down, err := curlew.OpenServerStream[Note, Note](t.Context(), c, words, new(Note))
	assert.NoError(t, err)
	_, err = down.Receive(t.Context())
	assert.ErrorIs(t, err, curlew.Unavailable)
}

type nobody struct{ curlew.Caller }

var errNobody = curlew.NewError(curlew.Unavailable, "nobody there").WithOrigin(curlew.OriginTransport)

func (nobody) Invoke(context.Context, *curlew.Method, any, any, ...curlew.CallOption) error {
	return errNobody
}

func (nobody) Open(context.Context, *curlew.Method, ...curlew.CallOption) (curlew.Stream, error) {
	return nil, errNobody
}

// TestForwardNeedsACodec: a stream that does not tell its codec is not passed on
// in a wrong one.
func TestForwardNeedsACodec(t *testing.T) {
	var call curlew.Call
	call.BeginServer(t.Context(), echo, new(curlew.Header), nil, nil)
	err := forward.To(nobody{})(t.Context(), &call)
	assert.ErrorIs(t, err, curlew.Internal)
	assert.True(t, !errors.Is(err, errNobody))
	assert.Contains(t, err.Error(), "must pass on its Codec method")
}
