// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
)

func codecCases() []testCase {
	return []testCase{
		{name: "codec/request that fails half-way", kinds: kinds(), run: encodeFails},
		{name: "codec/request that makes no sense", kinds: kinds(), run: decodeFails},
		{name: "codec/reply that fails half-way", kinds: kinds(), run: replyEncodeFails},
		{name: "codec/reply that makes no sense", kinds: kinds(), run: replyDecodeFails},
		{name: "codec/nil messages", run: nilMessages},
	}
}

// fragile is a codec that fails when it is told to.
type fragile struct {
	curlew.Codec
	encode, decode atomic.Bool
	nonsense       atomic.Bool
}

var errFragile = errors.New("the codec fell to pieces")

func (f *fragile) Append(b []byte, message any) ([]byte, error) {
	if f.nonsense.Load() {
		return append(b, 0xff, 0xff, 0xff, 0xff, '{'), nil
	}
	if f.encode.Load() {
		b, _ = f.Codec.Append(b, message)
		return b[:len(b)-len(b)/2], errFragile
	}
	return f.Codec.Append(b, message)
}

func (f *fragile) Decode(b []byte, message any) error {
	if f.decode.Load() {
		f.Codec.Decode(b[:len(b)/2], message) //nolint:errcheck // half of the work, then the error
		return errFragile
	}
	return f.Codec.Decode(b, message)
}

// withFragile makes the rig's calls use a fragile codec on the client. Where
// the protocol takes no codec there is nothing to break.
func (r *rig) withFragile() *fragile {
	if r.codec == nil {
		r.Skip("the protocol's own codec is not a curlew.Codec; the others are broken in its stead")
	}
	f := &fragile{Codec: r.codec}
	r.codec = f
	return f
}

// encodeFails: a request that cannot be encoded is this side's error; no part
// of it reaches a handler; the connection goes on.
func encodeFails(r *rig) {
	f := r.withFragile()
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		r.check(in == "whole", "a handler got %q", in)
		return in, nil
	}})
	for range 3 {
		f.encode.Store(true)
		_, err := r.exchange(r.ctx, r.kind, strings.Repeat("broken", 100))
		r.fails("a request that cannot be encoded", err, failure{curlew.InvalidArgument, curlew.OriginLocal, anyProgress, []string{errFragile.Error()}})
		f.encode.Store(false)
		got, err := r.exchange(r.ctx, r.kind, "whole")
		r.must(err, "the call after it")
		equal(r, "its reply", got, "whole")
	}
}

// decodeFails: a request that makes no sense to the server is the client's
// mistake; the handler does not see it; the connection goes on.
func decodeFails(r *rig) {
	f := r.withFragile()
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		r.check(in == "whole", "a handler got %q", in)
		return in, nil
	}})
	for range 3 {
		f.nonsense.Store(true)
		_, err := r.exchange(r.ctx, r.kind, "x")
		r.fails("a request that cannot be decoded", err, failure{curlew.InvalidArgument, curlew.OriginServer, anyProgress, nil})
		f.nonsense.Store(false)
		got, err := r.exchange(r.ctx, r.kind, "whole")
		r.must(err, "the call after it")
		equal(r, "its reply", got, "whole")
	}
}

// replyDecodeFails: a reply that makes no sense is this side's error.
func replyDecodeFails(r *rig) {
	f := r.withFragile()
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for range 3 {
		f.decode.Store(true)
		_, err := r.exchange(r.ctx, r.kind, "x")
		r.fails("a reply that cannot be decoded", err, failure{curlew.Internal, curlew.OriginLocal, anyProgress, []string{errFragile.Error()}})
		f.decode.Store(false)
		got, err := r.exchange(r.ctx, r.kind, "whole")
		r.must(err, "the call after it")
		equal(r, "its reply", got, "whole")
	}
}

// replyEncodeFails: a reply that cannot be encoded is the server's internal
// error. Protobuf strings must be UTF-8, in all encodings but gob, which does
// not mind and carries it.
func replyEncodeFails(r *rig) {
	const bad = "half of this is fine \xff"
	texts := newMessages("protobuf", wrapperspb.String, (*wrapperspb.StringValue).GetValue)
	r.messages = texts
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		if in == "bad" {
			return bad, nil
		}
		return in, nil
	}})
	for range 3 {
		got, err := r.exchange(r.ctx, r.kind, "bad")
		if err == nil {
			equal(r, "a string that is not UTF-8 came through", got, bad)
		} else {
			r.fails("a reply that cannot be encoded", err, answered(curlew.Internal))
		}
		got, err = r.exchange(r.ctx, r.kind, "whole")
		r.must(err, "the call after it")
		equal(r, "its reply", got, "whole")
	}
}

// nilMessages: nil where a message has to be is an error or the empty message,
// never a panic, and the connection goes on.
func nilMessages(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	m := r.messages.method(curlew.KindUnary)
	var noText *Text
	var noBytes *wrapperspb.BytesValue
	for _, request := range []any{nil, noText, noBytes} {
		err := r.Invoke(r.ctx, m, request, r.messages.empty(), r.options(nil)...)
		if err != nil {
			r.fails(fmt.Sprintf("a request of (%T)(nil)", request), err,
				failure{curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent, nil})
		}
		r.check(err != nil || request != nil, "a request of nil was sent")
	}
	for _, reply := range []any{nil, noText, noBytes, *new(Text)} {
		err := r.Invoke(r.ctx, m, r.messages.write("x"), reply, r.options(nil)...)
		r.check(err != nil, "a reply was decoded into (%T)(nil)", reply)
	}
	if r.carries(curlew.KindServerStream) {
		s, err := r.open(r.ctx, curlew.KindServerStream)
		r.must(err, "open a download")
		r.check(s.Send(r.ctx, nil) != nil, "nil was sent on a stream")
		s.Close()
	}
	got, err := r.call(r.ctx, "whole")
	r.must(err, "the call after them")
	equal(r, "its reply", got, "whole")
}
