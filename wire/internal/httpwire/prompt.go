// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"

	"github.com/curlewrpc/curlew/wire"
)

// Prompt marks an HTTPProtocol whose Serve reads no more than a request's head,
// attaches the call to the exchange, and hands it to the dispatcher's Go.
type Prompt interface {
	wire.HTTPProtocol
	Prompt()
}

// Dial makes the HTTP transport to a server, as h1.Dial and h2.Dial do.
type Dial func(ctx context.Context, r *wire.Remote) (wire.HTTPTransport, error)

// Waiting is a dispatcher whose Go returns when the call has ended.
type Waiting struct{ wire.Dispatcher }

// Go runs a call and waits for its end.
func (w Waiting) Go(in *wire.Incoming) { w.Serve(in) }
