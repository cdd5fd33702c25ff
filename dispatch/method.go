// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/wire"
)

// method is a registered method with all that runs around its handler.
type method struct {
	target wire.Target
	chain  curlew.Handler // the handler inside its interceptors
	limits []*limiter     // entered in order: the method's own, the server's
	active atomic.Int64
}

// method composes what runs for m, once for all its calls.
func (d *Dispatcher) method(m *curlew.Method) (*method, error) {
	c := d.config.Methods[m.FullName()].over(d.config.Methods[m.Service()+"/*"])
	e := &method{chain: m.Handler()}
	e.chain = curlew.Chain(e.chain, c.Interceptors...)
	e.chain = curlew.Chain(e.chain, d.config.Interceptors...)
	if e.chain == nil {
		return nil, fmt.Errorf("method %s: an interceptor returned a nil handler", m.FullName())
	}
	if own := newLimiter(m.FullName(), c.MaxConcurrent, c.MaxQueue); own != nil {
		e.limits = append(e.limits, own)
	}
	if d.limit != nil {
		e.limits = append(e.limits, d.limit)
	}
	e.target = wire.Target{Method: m, Handler: e.serve, MaxReceive: c.MaxReceive, MaxSend: c.MaxSend, Timeout: c.Timeout}
	if m.Kind() == curlew.KindUnary {
		e.target.Pace = new(workers.Pace)
	}
	return e, nil
}

// serve is the target's handler.
func (m *method) serve(ctx context.Context, call *curlew.Call) error {
	m.active.Add(1)
	defer m.active.Add(-1)
	for _, l := range m.limits {
		if err := l.acquire(ctx); err != nil {
			return err
		}
		defer l.release()
	}
	return m.chain(ctx, call)
}
