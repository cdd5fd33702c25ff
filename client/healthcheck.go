// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/health"
)

// HealthCheck says how a client asks its servers whether they can be used, by
// Check of grpc.health.v1 on a connection to each that is connected. A zero
// field means its default.
//
// A server is left out while it says that it does not serve, or after two checks
// in a row that failed, unless no other is left. When its connection ends, it
// counts as well until the next one is made and checked. A server or protocol
// without health checks counts as well; that is logged once.
type HealthCheck struct {
	// Interval is the time between two checks: 5 s. A new connection is checked
	// before it is used.
	Interval time.Duration
	// Timeout bounds a check: 1 s.
	Timeout time.Duration
	// Service is what is asked for; empty is the server as a whole.
	Service string
}

const (
	checkInterval = 5 * time.Second // by default
	checkTimeout  = time.Second     // by default
	failedChecks  = 2               // in a row, of which the server said nothing
)

func (h HealthCheck) withDefaults() HealthCheck {
	if h.Interval == 0 {
		h.Interval = checkInterval
	}
	if h.Timeout == 0 {
		h.Timeout = min(checkTimeout, h.Interval)
	}
	return h
}

func (h HealthCheck) check() error {
	d := h.withDefaults()
	switch {
	case h.Interval < 0 || h.Timeout < 0:
		return errors.New("a time is negative")
	case d.Timeout > d.Interval:
		return errors.New("the Timeout is longer than the Interval")
	}
	return nil
}

// checker checks one connection; it belongs to the goroutine of the connection.
type checker struct {
	conn   *conn
	client *health.Client
	failed int // checks in a row
}

// newChecker returns what checks c; nil if the client does not check.
func newChecker(c *conn) *checker {
	if c.pool.cluster.client.settings.health == nil {
		return nil
	}
	return &checker{conn: c, client: health.NewClient(connCaller{c})}
}

// check asks once, if the connection is not full and nobody asks on another.
func (k *checker) check() {
	p := k.conn.pool
	if conns := *p.conns.Load(); len(conns) > 0 && conns[0] != k.conn || p.unchecked.Load() {
		return
	}
	config := p.cluster.client.settings.health
	ctx, cancel := context.WithTimeout(p.ctx, config.Timeout)
	defer cancel()
	status, err := k.client.Check(ctx, config.Service)
	switch {
	case err == errFull, p.ctx.Err() != nil, k.conn.draining():
		return // which says nothing of the server
	case err == nil && status == health.Serving:
		k.failed = 0
		p.setHealth(true, nil)
		return
	case err == nil:
		p.setHealth(false, errors.New(status.String()))
		return
	}
	switch curlew.CodeOf(err) {
	case curlew.Unimplemented, curlew.Internal, curlew.InvalidArgument:
		if k.failed == 0 && !p.unhealthy.Load() {
			p.unchecked.Store(true)
			p.cluster.client.settings.logger.Warn("curlew: health checks are not possible; the server counts as well",
				"address", p.remote.String(), "err", err)
			return
		}
	case curlew.NotFound:
		k.failed = failedChecks // the service is not there
	}
	if k.failed++; k.failed >= failedChecks {
		p.setHealth(false, err)
	}
}

// checks ticks when the server is to be checked, if the client checks.
func (p *pool) checks() ticker {
	if config := p.cluster.client.settings.health; config != nil {
		return newTicker(config.Interval)
	}
	return ticker{}
}

// setHealth notes whether a server is well.
func (p *pool) setHealth(well bool, why error) {
	if p.unhealthy.Swap(!well) != well {
		return
	}
	logger := p.cluster.client.settings.logger
	if well {
		logger.Info("curlew: a server is well again", "address", p.remote.String())
	} else {
		logger.Warn("curlew: a server is left out by its health check", "address", p.remote.String(), "err", why)
	}
	p.cluster.refresh()
}

// refresh gives the picker the servers that are well, or if there are none all.
func (c *cluster) refresh() {
	c.mu.Lock()
	c.present()
	c.mu.Unlock()
	c.changed.send()
}

// errFull is the error of a check for which there is no room now.
var errFull = curlew.NewError(curlew.ResourceExhausted, "the connection is full").WithProgress(curlew.NotSent)

// connCaller calls on one connection.
type connCaller struct{ conn *conn }

func (c connCaller) Invoke(ctx context.Context, m *curlew.Method, request, reply any, opts ...curlew.CallOption) error {
	if !c.conn.reserve() {
		return errFull
	}
	defer c.conn.release()
	var call curlew.Call
	call.BeginClient(ctx, m, curlew.NewCallOptions(opts...), request, reply)
	s, err := c.conn.session.Open(ctx, &call)
	c.conn.opened()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Wait(ctx); err != nil {
		return err
	}
	return s.Receive(ctx, reply)
}

func (c connCaller) Open(context.Context, *curlew.Method, ...curlew.CallOption) (curlew.Stream, error) {
	return nil, curlew.NewError(curlew.Unimplemented, "health checks have no streams").WithProgress(curlew.NotSent)
}
