// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// NewCaller returns a plain Caller over one session: no retries, no pool, no
// interceptors. A server's handlers call back to their clients through it.
func NewCaller(s Session) curlew.Caller { return caller{s} }

type caller struct{ session Session }

func (c caller) Invoke(ctx context.Context, m *curlew.Method, request, reply any, opts ...curlew.CallOption) error {
	var call curlew.Call
	o := curlew.NewCallOptions(opts...)
	call.BeginClient(ctx, m, o, request, reply)
	stream, err := c.session.Open(ctx, &call)
	if err != nil {
		return err
	}
	defer stream.Close()
	err = stream.Wait(ctx)
	Capture(ctx, o, stream)
	if err != nil || o.OneWay {
		return err
	}
	return stream.Receive(ctx, reply)
}

func (c caller) Open(ctx context.Context, m *curlew.Method, opts ...curlew.CallOption) (curlew.Stream, error) {
	var call curlew.Call
	o := curlew.NewCallOptions(opts...)
	call.BeginClient(ctx, m, o, nil, nil)
	return c.session.Open(ctx, &call)
}

// Capture fills what a call's options ask for from a stream that has ended.
func Capture(ctx context.Context, o *curlew.CallOptions, s ClientStream) {
	if o.CaptureHeader != nil {
		if h, err := s.Header(ctx); err == nil {
			*o.CaptureHeader = h.Clone()
		}
	}
	if o.CaptureTrailer != nil {
		*o.CaptureTrailer = s.Trailer().Clone()
	}
	if o.CapturePeer != nil {
		if p := s.Peer(); p != nil {
			*o.CapturePeer = *p
		}
	}
}
