// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"crypto/tls"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/curlewrpc/curlew"
)

// callOptions is what a call's options and its context's metadata are for
// Curlew, and what is to be done when the call has ended.
type callOptions struct {
	list []curlew.CallOption // nil if there is nothing to say

	header, trailer curlew.Header // captured
	peer            curlew.Peer
	toHeader        []*metadata.MD
	toTrailer       []*metadata.MD
	toPeer          []*peer.Peer
	onFinish        []func(error)
}

// options reads a call's options. What Curlew cannot do is an error.
func (c *Conn) options(ctx context.Context, method string, opts []grpc.CallOption) (*callOptions, error) {
	o := new(callOptions)
	var err error
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		err = o.addHeader(md)
	}
	for _, opt := range opts { // all of them, for OnFinish
		if bad := c.option(ctx, method, o, opt); err == nil {
			err = bad
		}
	}
	return o, err
}

func (o *callOptions) add(opt curlew.CallOption) { o.list = append(o.list, opt) }

// addHeader sends metadata with the request.
func (o *callOptions) addHeader(md metadata.MD) error {
	var h curlew.Header
	if err := add(&h, md); err != nil {
		return err
	}
	for key, value := range h.All() {
		o.add(curlew.WithHeader(key, value))
	}
	return nil
}

// option reads one option.
func (c *Conn) option(ctx context.Context, method string, o *callOptions, opt grpc.CallOption) error {
	switch opt := opt.(type) {
	case grpc.EmptyCallOption, grpc.StaticMethodCallOption:
	case grpc.FailFastCallOption:
		// A call of Curlew's waits for a connection while waiting can help.
	case grpc.MaxRetryRPCBufferSizeCallOption:
		// Nothing is kept to be sent again.
	case grpc.HeaderCallOption:
		o.toHeader = append(o.toHeader, opt.HeaderAddr)
		o.add(curlew.CaptureHeader(&o.header))
	case grpc.TrailerCallOption:
		o.toTrailer = append(o.toTrailer, opt.TrailerAddr)
		o.add(curlew.CaptureTrailer(&o.trailer))
	case grpc.PeerCallOption:
		o.toPeer = append(o.toPeer, opt.PeerAddr)
		o.add(curlew.CapturePeer(&o.peer))
	case grpc.OnFinishCallOption:
		o.onFinish = append(o.onFinish, opt.OnFinish)
	case grpc.MaxRecvMsgSizeCallOption:
		o.add(func(co *curlew.CallOptions) { co.MaxReceive = opt.MaxRecvMsgSize })
	case grpc.MaxSendMsgSizeCallOption:
		o.add(func(co *curlew.CallOptions) { co.MaxSend = opt.MaxSendMsgSize })
	case grpc.CompressorCallOption:
		o.add(curlew.WithCompression(opt.CompressorType))
	case grpc.ContentSubtypeCallOption:
		return o.contentSubtype(strings.ToLower(opt.ContentSubtype))
	case grpc.ForceCodecCallOption:
		o.add(curlew.WithCodec(newCodecV1(opt.Codec)))
	case grpc.ForceCodecV2CallOption:
		o.add(curlew.WithCodec(NewCodec(opt.CodecV2)))
	case grpc.PerRPCCredsCallOption:
		return c.credentials(ctx, method, o, opt.Creds)
	default:
		return status.Errorf(codes.Unimplemented, "grpcgo: %s was not called: a %T has no meaning for Curlew's client; the package's documentation lists what has",
			method, opt)
	}
	return nil
}

// contentSubtype chooses a codec by its name.
func (o *callOptions) contentSubtype(name string) error {
	if name == "" || name == "proto" {
		return nil // the protocol's own
	}
	if c := encoding.GetCodecV2(name); c != nil {
		o.add(curlew.WithCodec(NewCodec(c)))
		return nil
	}
	if c := encoding.GetCodec(name); c != nil {
		o.add(curlew.WithCodec(newCodecV1(c)))
		return nil
	}
	return status.Errorf(codes.Internal, "grpcgo: no codec is registered for the content subtype %q", name)
}

// credentials sends what the call's credentials want sent.
func (c *Conn) credentials(ctx context.Context, method string, o *callOptions, creds credentials.PerRPCCredentials) error {
	if creds.RequireTransportSecurity() && !c.secure {
		return status.Errorf(codes.Unauthenticated,
			"grpcgo: %s was not called: its credentials require an encrypted connection; if the client has TLS, say so by grpcgo.WithSecurity", method)
	}
	info := credentials.RequestInfo{Method: method}
	var uris []string
	if c.secure {
		info.AuthInfo = tlsInfo(tls.ConnectionState{})
		service, _ := curlew.SplitName(method)
		uris = []string{"https://" + strings.TrimSuffix(c.authority, ":443") + "/" + service}
	}
	values, err := creds.GetRequestMetadata(credentials.NewContextWithRequestInfo(ctx, info), uris...)
	if err != nil {
		if s, ok := status.FromError(err); ok {
			return s.Err()
		}
		return status.Errorf(codes.Unauthenticated, "grpcgo: %s was not called: its credentials failed: %v", method, err)
	}
	return o.addHeader(metadata.New(values))
}

// captured gives the caller what it wants to know of a call that is over.
func (o *callOptions) captured() {
	for _, md := range o.toHeader {
		*md = toMD(&o.header)
	}
	for _, md := range o.toTrailer {
		*md = toMD(&o.trailer)
	}
	for _, p := range o.toPeer {
		*p = *peerOf(&o.peer)
	}
}

// finish ends a call with err, which it returns.
func (o *callOptions) finish(err error) error {
	o.captured()
	for _, f := range o.onFinish {
		f(err)
	}
	return err
}
