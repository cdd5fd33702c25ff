// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"context"
	"errors"
	"io"

	"github.com/curlewrpc/curlew"
)

// Client is the client's half of the three, over any caller.
type Client struct{ Caller curlew.Caller }

// [client]

// Who calls plain Go methods that stream describes them once, without handlers.
var (
	tick = curlew.ServerStream[TickRequest, Tick]("Ticker/Tick", nil)
	put  = curlew.ClientStream[Chunk, Receipt]("Uploads/Put", nil)
	join = curlew.BidiStream[Line, Line]("Chat/Join", nil)
)

// Tick receives ticks.
func (c Client) Tick(ctx context.Context, in *TickRequest) (curlew.Receiver[Tick], error) {
	return curlew.OpenServerStream[TickRequest, Tick](ctx, c.Caller, tick, in)
}

// Put uploads what r has to give.
func (c Client) Put(ctx context.Context, r io.Reader) (*Receipt, error) {
	upload, err := curlew.OpenClientStream[Chunk, Receipt](ctx, c.Caller, put)
	if err != nil {
		return nil, err
	}
	defer upload.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, end := r.Read(buffer)
		err := upload.Send(ctx, &Chunk{Data: buffer[:n]})
		if err == io.EOF || end == io.EOF && err == nil {
			return upload.CloseAndReceive(ctx) // also tells why the server has ended the call, if it has
		}
		if err := errors.Join(err, end); err != nil {
			return nil, err
		}
	}
}

// Join enters the chat. The first line to send has the member's name.
func (c Client) Join(ctx context.Context) (curlew.Dialogue[Line, Line], error) {
	return curlew.OpenBidi[Line, Line](ctx, c.Caller, join)
}

// [/client]
