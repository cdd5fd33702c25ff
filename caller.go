// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import "context"

// Caller makes calls: a client, the far end of a connection ([Peer.Caller]) or
// a test's server. Generated stubs take a Caller. It is safe for concurrent
// use.
type Caller interface {
	// Invoke calls a unary method and decodes its answer into reply.
	Invoke(ctx context.Context, m *Method, request, reply any, opts ...CallOption) error
	// Open begins a call of any kind. ctx bounds the whole call. The caller
	// must receive until an error, or Close the stream, or end ctx.
	Open(ctx context.Context, m *Method, opts ...CallOption) (Stream, error)
}

// CallOption changes one call.
type CallOption func(*CallOptions)

// CallOptions is what the options of a call add up to. Those who write a
// [Caller] read it; others use the With and Capture functions.
type CallOptions struct {
	// Header is sent with the request.
	Header Header
	// Codec replaces the protocol's default codec if it is not nil.
	Codec Codec
	// Compression names the compression of the call's requests; "" is none.
	Compression string
	// OneWay asks for no answer: the call ends when its request is flushed.
	OneWay bool
	// MaxReceive and MaxSend bound the size in bytes of each message; 0 means
	// the connection's limit.
	MaxReceive, MaxSend int
	// CaptureHeader, CaptureTrailer and CapturePeer are filled, if not nil, by
	// the time that the call ends.
	CaptureHeader, CaptureTrailer *Header
	CapturePeer                   *Peer
}

// NewCallOptions applies opts in order.
func NewCallOptions(opts ...CallOption) *CallOptions {
	o := new(CallOptions)
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// WithHeader sends a metadata field with the request. It may be given several
// times, also for one key.
func WithHeader(key, value string) CallOption {
	return func(o *CallOptions) { o.Header.Add(key, value) }
}

// WithCodec encodes the call's messages by codec instead of the protocol's
// default.
func WithCodec(codec Codec) CallOption {
	return func(o *CallOptions) { o.Codec = codec }
}

// WithCompression compresses the call's requests by the named algorithm where
// the peer understands it, and sends them as they are where it does not.
func WithCompression(name string) CallOption {
	return func(o *CallOptions) { o.Compression = name }
}

// OneWay asks the peer for no answer: the call returns as soon as its request
// is flushed, and says nothing of what became of it. Where a protocol has no
// one-way calls, the answer is awaited and its reply dropped.
func OneWay() CallOption {
	return func(o *CallOptions) { o.OneWay = true }
}

// CaptureHeader stores the metadata that came before the reply in h.
func CaptureHeader(h *Header) CallOption {
	return func(o *CallOptions) { o.CaptureHeader = h }
}

// CaptureTrailer stores the metadata that came after the reply in h.
func CaptureTrailer(h *Header) CallOption {
	return func(o *CallOptions) { o.CaptureTrailer = h }
}

// CapturePeer stores the peer that served the call in p.
func CapturePeer(p *Peer) CallOption {
	return func(o *CallOptions) { o.CapturePeer = p }
}
