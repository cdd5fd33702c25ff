// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/data"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// encoder turns requests from JSON into what the wire carries.
type encoder func(json []byte) ([]byte, error)

// bench is a method on its way to be called.
type bench struct {
	method   *curlew.Method
	requests *data.Requests
	encode   encoder
	fixed    []*payload // encoded once; nil if a template makes the requests
	messages int        // of a call that has many
	check    func(reply []byte) error
	callers  []state

	conns   []*target.Client
	options []curlew.CallOption
	to      *target.Flags
}

// state is what a caller needs for a call, made once.
type state struct {
	reply payload
	_     [64]byte // those of several callers do not share a cache line
}

// prepare encodes what can be encoded before the run.
func (b *bench) prepare(callers int) error {
	b.callers = make([]state, callers)
	fixed, ok := b.requests.Fixed()
	if !ok {
		first, err := b.requests.JSON(0, 0)
		if err == nil {
			_, err = b.encode(first)
		}
		return b.unfit(err)
	}
	if b.messages == 0 {
		b.messages = b.requests.PerCall()
	}
	if !b.method.Kind().ManyRequests() && b.requests.PerCall() > 1 {
		return fmt.Errorf("%s takes one request a call, and %d are given: give one, or the file of them by --data",
			b.method.FullName(), b.requests.PerCall())
	}
	for _, text := range fixed {
		body, err := b.encode(text)
		if err != nil {
			return b.unfit(err)
		}
		b.fixed = append(b.fixed, &payload{body: body})
	}
	return nil
}

// unfit is the error for a request that is not of the method's type.
func (b *bench) unfit(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the request does not fit %s: %w\nSee its type by 'curlew describe'", b.method.FullName(), err)
}

// request is a message of a call.
func (b *bench) request(seq int64, message int) (*payload, error) {
	if b.fixed != nil {
		return b.fixed[b.requests.Index(seq, message)], nil
	}
	text, err := b.requests.JSON(seq, message)
	if err != nil {
		return nil, err
	}
	body, err := b.encode(text)
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "%w", b.unfit(err))
	}
	return &payload{body: body}, nil
}

// call makes one call.
func (b *bench) call(ctx context.Context, caller int, seq int64) load.Outcome {
	if b.to.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.to.Timeout)
		defer cancel()
	}
	conn := b.conns[caller%len(b.conns)]
	if b.method.Kind() == curlew.KindUnary {
		return b.unary(ctx, conn, caller, seq)
	}
	return b.stream(ctx, conn, caller, seq)
}

func (b *bench) unary(ctx context.Context, conn curlew.Caller, caller int, seq int64) load.Outcome {
	request, err := b.request(seq, 0)
	if err != nil {
		return load.Outcome{Err: err}
	}
	reply := &b.callers[caller].reply
	reply.keep = b.check != nil
	if err := conn.Invoke(ctx, b.method, request, reply, b.options...); err != nil {
		return load.Outcome{Sent: 1, Err: err}
	}
	return load.Outcome{Sent: 1, Received: 1, Bytes: int64(reply.size), Err: b.checked(reply)}
}

func (b *bench) checked(reply *payload) error {
	if b.check == nil {
		return nil
	}
	return b.check(reply.body)
}

// stream makes a call of another kind. Where both sides send many messages,
// neither waits for the other.
func (b *bench) stream(ctx context.Context, conn curlew.Caller, caller int, seq int64) load.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a call that is given up
	s, err := conn.Open(ctx, b.method, b.options...)
	if err != nil {
		return load.Outcome{Err: err}
	}
	defer s.Close()
	var out load.Outcome
	if b.method.Kind() != curlew.KindBidi {
		if out.Sent, err = b.send(ctx, s, seq); err == nil {
			err = b.receive(ctx, s, caller, &out)
		}
		out.Err = err
		return out
	}
	type sending struct {
		n   int
		err error
	}
	sent := make(chan sending, 1)
	go func() { // ends before this call does
		n, err := b.send(ctx, s, seq)
		if err != nil {
			cancel()
		}
		sent <- sending{n, err}
	}()
	out.Err = b.receive(ctx, s, caller, &out)
	if out.Err != nil {
		cancel()
	}
	last := <-sent
	out.Sent = last.n
	if last.err != nil && !errors.Is(last.err, context.Canceled) {
		out.Err = last.err
	}
	return out
}

// send sends a call's requests. That the call is over is no error here: receive
// knows why.
func (b *bench) send(ctx context.Context, s curlew.Stream, seq int64) (int, error) {
	n := 1
	if b.method.Kind().ManyRequests() {
		n = max(b.messages, 1)
	}
	for i := range n {
		request, err := b.request(seq, i)
		if err != nil {
			return i, err
		}
		if err := s.Send(ctx, request); err == io.EOF {
			return i, nil
		} else if err != nil {
			return i, err
		}
	}
	return n, s.CloseSend()
}

// receive receives until the call ends.
func (b *bench) receive(ctx context.Context, s curlew.Stream, caller int, out *load.Outcome) error {
	reply := &b.callers[caller].reply
	reply.keep = b.check != nil
	for {
		if err := s.Receive(ctx, reply); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		out.Received++
		out.Bytes += int64(reply.size)
		if err := b.checked(reply); err != nil {
			return err
		}
	}
}

// encoderOf returns what encodes a method's requests.
func encoderOf(s *source.Source, d protoreflect.MethodDescriptor, json bool) encoder {
	types := s.Types()
	return func(text []byte) ([]byte, error) {
		message, err := source.ReadJSON(types, d.Input(), text)
		if err != nil {
			return nil, err
		}
		if json {
			return protojson.MarshalOptions{Resolver: types}.Marshal(message)
		}
		return proto.Marshal(message)
	}
}

// checkerOf returns what decodes a method's replies, to see whether they can be.
func checkerOf(s *source.Source, d protoreflect.MethodDescriptor, json bool) func([]byte) error {
	types := s.Types()
	return func(body []byte) error {
		message := dynamicpb.NewMessage(d.Output())
		var err error
		if json {
			err = protojson.UnmarshalOptions{Resolver: types}.Unmarshal(body, message)
		} else {
			err = proto.UnmarshalOptions{Resolver: types}.Unmarshal(body, message)
		}
		if err != nil {
			return curlew.Errorf(curlew.DataLoss, "a reply of %s cannot be decoded as %s: %w", d.FullName(), d.Output().FullName(), err)
		}
		return nil
	}
}
