// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/forward"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	wireconnect "github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

// parrot is a service behind another server.
func parrot() *curlew.Service {
	type word struct{ Text string }
	return curlew.NewService("birds.Parrot",
		curlew.Unary("Say", func(ctx context.Context, w *word) (*word, error) {
			call := curlew.CallFrom(ctx)
			call.ReplyHeader().Set("heard", call.Header().Get("from"))
			call.ReplyTrailer().Set("end", "of the word")
			return &word{w.Text + " " + w.Text}, nil
		}),
		curlew.ServerStream("Repeat", func(ctx context.Context, w *word, out curlew.Sender[word]) error {
			for range 3 {
				if err := out.Send(ctx, w); err != nil {
					return err
				}
			}
			return curlew.Errorf(curlew.OutOfRange, "three times is enough")
		}))
}

// TestFallback: what a server does not know goes on to one that does, over any
// protocol that carries bytes.
func TestFallback(t *testing.T) {
	there, err := server.New()
	assert.NoError(t, err)
	assert.NoError(t, there.Register(parrot()))
	far := curlewtest.Start(t, there).Client(client.WithProtocol(grpc.NewClient(h2.Dial, proto.New())))
	s, err := server.New(server.WithFallback(forward.To(far)))
	assert.NoError(t, err)
	near := curlewtest.Start(t, s)
	type word struct{ Text string }
	say, repeat := curlew.Unary[word, word]("birds.Parrot/Say", nil), curlew.ServerStream[word, word]("birds.Parrot/Repeat", nil)
	for _, p := range []wire.Protocol{nil, grpc.NewClient(h2.Dial, proto.New()), wireconnect.NewClient(h2.Dial, proto.New())} {
		var opts []client.Option
		if p != nil {
			opts = append(opts, client.WithProtocol(p))
		}
		c := near.Client(opts...)
		var got word
		var header, trailer curlew.Header
		err := c.Invoke(t.Context(), say, &word{"hello"}, &got, curlew.WithHeader("from", "me"), curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
		assert.NoError(t, err)
		assert.Equal(t, got.Text, "hello hello")
		assert.Equal(t, header.Get("heard")+", "+trailer.Get("end"), "me, of the word")

		stream, err := curlew.OpenServerStream[word, word](t.Context(), c, repeat, &word{"again"})
		assert.NoError(t, err)
		n := 0
		for w, err := range stream.All(t.Context()) {
			if err != nil {
				assert.ErrorIs(t, err, curlew.OutOfRange)
				break
			}
			assert.Equal(t, w.Text, "again")
			n++
		}
		assert.Equal(t, n, 3)
	}
}

// TestBuiltIn: health and reflection are there, and are not in the way.
func TestBuiltIn(t *testing.T) {
	s, err := server.New()
	assert.NoError(t, err)
	assert.NoError(t, s.Register(parrot()))
	c := curlewtest.Start(t, s).Client(client.WithProtocol(grpc.NewClient(h2.Dial, proto.New())))
	status, err := health.NewClient(c).Check(t.Context(), "birds.Parrot")
	assert.NoError(t, err)
	assert.Equal(t, status, health.Serving)
	names, err := reflection.NewClient(c).Services(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, len(names), 4)
	assert.Equal(t, len(s.Services()), 1, "what was registered")

	hidden, err := server.New(server.WithoutReflection())
	assert.NoError(t, err)
	_, err = reflection.NewClient(curlewtest.Start(t, hidden).Client()).Services(t.Context())
	assert.ErrorIs(t, err, curlew.Unimplemented)
}

func TestWebOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]server.Option{
		"WithHealth": server.WithHealth(nil), "WithFallback": server.WithFallback(nil), "WithCompressors": server.WithCompressors(compress.Compressor(nil)),
	} {
		_, err := server.New(opt)
		if err == nil || errors.Is(err, curlew.Unknown) {
			t.Errorf("%s(nil) is taken: %v", name, err)
		}
	}
}
