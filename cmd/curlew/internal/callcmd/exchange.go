// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/curlewrpc/curlew"
)

// exchange is one call.
type exchange struct {
	method  *method
	in      *input
	out     *output
	caller  curlew.Caller
	options []curlew.CallOption
}

// run makes the call and returns what came after the replies. The error is the
// call's, an *inputError, or errOutput.
func (x *exchange) run(ctx context.Context) (*curlew.Header, error) {
	var request any // of a method that takes one
	if x.method.Kind().ManyRequests() {
		x.out.hint(x.in)
	} else {
		d, err := x.in.single(ctx)
		if err != nil {
			return nil, err
		}
		if request, err = x.decode(d); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x.out.start = time.Now()
	options := append(x.options[:len(x.options):len(x.options)], curlew.CapturePeer(&x.out.peer))
	stream, err := x.caller.Open(ctx, x.method.Method, options...)
	if err != nil {
		return nil, err
	}
	if request != nil {
		err = x.ask(ctx, stream, request)
	} else {
		err = x.converse(ctx, stream)
	}
	trailer := stream.Trailer().Clone()
	stream.Close()
	return &trailer, err
}

// ask sends the one request and prints the replies.
func (x *exchange) ask(ctx context.Context, stream curlew.Stream, request any) error {
	err := stream.Send(ctx, request)
	if err == nil {
		err = stream.CloseSend()
	}
	if err != nil && err != io.EOF { // io.EOF: receiving tells why
		return err
	}
	return x.receive(ctx, stream)
}

// converse sends requests while it prints the replies.
func (x *exchange) converse(ctx context.Context, stream curlew.Stream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() { // converse waits for it
		err := x.send(ctx, stream)
		if err != nil && err != io.EOF {
			cancel()
		}
		sent <- err
	}()
	err := x.receive(ctx, stream)
	cancel()
	var local *inputError
	if sendErr := <-sent; errors.As(sendErr, &local) {
		return local
	}
	return err
}

// send sends the requests of a method that takes many.
func (x *exchange) send(ctx context.Context, stream curlew.Stream) error {
	documents := x.in.documents()
	for {
		d, err := next(ctx, documents)
		if err == io.EOF {
			return stream.CloseSend()
		}
		if err != nil {
			return err
		}
		request, err := x.decode(d)
		if err != nil && x.in.interactive {
			x.out.complain(err)
			continue
		}
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, request); err != nil {
			return err
		}
	}
}

func (x *exchange) decode(d document) (any, error) {
	m, err := x.method.request(d.json)
	if err != nil {
		return nil, &inputError{d.at, err}
	}
	return m, nil
}

// receive prints the replies.
func (x *exchange) receive(ctx context.Context, stream curlew.Stream) error {
	if header, err := stream.Header(ctx); err == nil {
		x.out.header(header)
	}
	for n := 0; ; n++ {
		reply := x.method.newReply()
		err := stream.Receive(ctx, reply)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := x.out.reply(reply); err != nil {
			return fmt.Errorf("%w: %w", errOutput, err)
		}
	}
}

// errOutput is the error of replies that cannot be printed.
var errOutput = errors.New("cannot print the reply")
