// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/resilience"
)

const (
	// announceTimeout bounds one try to register.
	announceTimeout = 10 * time.Second
	// leaveTimeout bounds how long a registry may take to let a server leave:
	// what it does not hear, it learns by the end of the lease.
	leaveTimeout = 3 * time.Second
)

// announcement is an endpoint to be registered while the server is ready.
type announcement struct {
	registrar discovery.Registrar
	service   string
	endpoint  discovery.Endpoint
}

// announcer keeps one announcement registered while health says that the server
// as a whole is serving.
type announcer struct {
	announcement
	health  *health.Health
	logger  *slog.Logger
	backoff resilience.Backoff

	ctx    context.Context // ends when the endpoint is to leave
	stop   context.CancelFunc
	hard   context.Context // ends when there is no time to leave
	abort  context.CancelFunc
	done   chan struct{} // closed when run has ended
	stayed bool          // it was registered when ctx ended; valid after done
}

func newAnnouncer(a announcement, h *health.Health, l *slog.Logger) *announcer {
	n := &announcer{
		announcement: a, health: h, done: make(chan struct{}),
		logger: l.With("service", a.service, "address", a.endpoint.Address),
	}
	n.hard, n.abort = context.WithCancel(context.Background())
	n.ctx, n.stop = context.WithCancel(n.hard)
	return n
}

// run registers and leaves as health changes, until stop is called.
func (a *announcer) run() {
	defer close(a.done)
	defer a.abort()
	failures := 0
	for a.await(true) {
		leave, err := a.register()
		if err != nil {
			failures++
			a.pause(failures, err)
			continue
		}
		failures = 0
		a.logger.Info("curlew: registered")
		a.stayed = !a.await(false)
		a.leave(leave)
	}
}

// await waits until the server's being ready is as wanted, and reports whether
// that came before the end.
func (a *announcer) await(ready bool) bool {
	for {
		status, changed := a.health.Status("")
		switch {
		case a.ctx.Err() != nil:
			return false
		case (status == health.Serving) == ready:
			return true
		}
		select {
		case <-changed:
		case <-a.ctx.Done():
		}
	}
}

func (a *announcer) register() (leave func(context.Context) error, err error) {
	ctx, cancel := context.WithTimeout(a.ctx, announceTimeout)
	defer cancel()
	return a.registrar.Register(ctx, a.service, a.endpoint)
}

// pause waits before the next try to register.
func (a *announcer) pause(failures int, err error) {
	if a.ctx.Err() != nil {
		return
	}
	wait := a.backoff.Delay(failures, rand.Float64())
	a.logger.Warn("curlew: registration failed; the server serves without it, and tries again", "in", wait, "err", err)
	resilience.Sleep(a.ctx, wait)
}

func (a *announcer) leave(leave func(context.Context) error) {
	ctx, cancel := context.WithTimeout(a.hard, leaveTimeout)
	defer cancel()
	if err := leave(ctx); err != nil {
		a.logger.Warn("curlew: the registry was not told that the server leaves; it may send calls until the registration expires", "err", err)
		return
	}
	a.logger.Info("curlew: deregistered")
}

// withdraw has announcers leave, and reports whether any was registered. When
// ctx ends, they have no more than a moment.
func withdraw(ctx context.Context, announcers []*announcer) (stayed bool) {
	for _, a := range announcers {
		a.stop()
	}
	for _, a := range announcers {
		select {
		case <-a.done:
		case <-ctx.Done():
			a.abort()
			grace := time.NewTimer(stopGrace)
			select {
			case <-a.done:
			case <-grace.C: // the registrar does not keep its contract
				grace.Stop()
				continue
			}
			grace.Stop()
		}
		stayed = stayed || a.stayed
	}
	return stayed
}
