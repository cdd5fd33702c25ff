// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/wire"
)

// Dispatcher holds services and runs their calls. It is safe for concurrent
// use.
type Dispatcher struct {
	config Config
	logger *slog.Logger
	limit  *limiter // of all calls; nil is none
	pool   *workers.Pool

	table    atomic.Pointer[table] // never changed once stored
	register sync.Mutex            // held by those who replace table
	fallback fallback
}

var _ wire.Dispatcher = (*Dispatcher)(nil)

// New returns a dispatcher without services. The error tells all that is wrong
// with c.
func New(c Config) (*Dispatcher, error) {
	c, err := c.canonical()
	if err != nil {
		return nil, err
	}
	d := &Dispatcher{
		config: c,
		logger: c.Logger,
		limit:  newLimiter("this process", c.MaxConcurrent, c.MaxQueue),
		pool:   workers.New(workers.Config{}),
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	d.table.Store(&table{})
	return d, nil
}

// Register adds services, all or, if there is an error, none. It may be called
// while calls are served; they see the services from then on.
func (d *Dispatcher) Register(services ...*curlew.Service) error {
	return d.registerAll(services, false)
}

// RegisterBuiltIn adds services that every server has, such as health checks. A
// registered service of the same name takes their place. They are found by
// their full names only, and Services does not list them.
func (d *Dispatcher) RegisterBuiltIn(services ...*curlew.Service) error {
	return d.registerAll(services, true)
}

func (d *Dispatcher) registerAll(services []*curlew.Service, builtIn bool) error {
	d.register.Lock()
	defer d.register.Unlock()
	t := d.table.Load().clone()
	var errs []error
	for i, s := range services {
		if s == nil {
			errs = append(errs, fmt.Errorf("service %d is nil; look at the error of what made it", i))
			continue
		}
		errs = append(errs, d.add(t, s, builtIn))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.index()
	d.table.Store(t)
	return nil
}

func (d *Dispatcher) add(t *table, s *curlew.Service, builtIn bool) error {
	if err := s.Err(); err != nil {
		return err
	}
	name := s.Name()
	if there, ok := t.services[name]; ok && (!there.builtIn || builtIn) {
		return fmt.Errorf("service %s is registered already; Service.Rename gives it another name", name)
	}
	if err := d.checkConfigured(s); err != nil {
		return err
	}
	e := &service{Service: s, methods: make(map[string]*method, len(s.Methods())), builtIn: builtIn}
	for _, m := range s.Methods() {
		built, err := d.method(m)
		if err != nil {
			return err
		}
		e.methods[m.Name()] = built
	}
	t.services[name] = e
	return nil
}

// checkConfigured finds configuration for methods that s does not have.
func (d *Dispatcher) checkConfigured(s *curlew.Service) error {
	for full := range d.config.Methods {
		name, configured := curlew.SplitName(full)
		if name != s.Name() || configured == "*" {
			continue
		}
		found := false
		for _, m := range s.Methods() {
			found = found || m.Name() == configured
		}
		if !found {
			return fmt.Errorf("method %s is configured, but service %s has no such method", full, s.Name())
		}
	}
	return nil
}

// Services returns the registered services in order of their names.
func (d *Dispatcher) Services() []*curlew.Service {
	t := d.table.Load()
	return t.named(t.names)
}

// BuiltIn returns the services of RegisterBuiltIn whose place nobody has taken,
// in order of their names.
func (d *Dispatcher) BuiltIn() []*curlew.Service {
	t := d.table.Load()
	return t.named(t.list(true))
}

// Lookup implements [wire.Dispatcher]. No service declares a version or group,
// so those choose nothing.
func (d *Dispatcher) Lookup(service, method string, a wire.Attributes) (*wire.Target, error) {
	m, err := d.table.Load().find(service, method)
	if err != nil && a.Fallback && d.config.Fallback != nil && service != "" {
		m, err = d.standIn(service, method, a.Kind)
	}
	if err != nil {
		return nil, err
	}
	return &m.target, nil
}

// Go implements [wire.Dispatcher].
func (d *Dispatcher) Go(in *wire.Incoming) {
	if !d.pool.Go(&running{d: d, in: in, timed: in.Target.Pace != nil}) {
		refuse(in)
	}
}

// NewLoop returns a loop for [Dispatcher.Lead]; next goes on with it on another
// goroutine, and does not wait.
func (d *Dispatcher) NewLoop(next func()) *workers.Loop { return d.pool.NewLoop(next) }

// Lead is Go for a protocol that reads one connection in one loop: a call of a
// method whose handlers have been short so far runs here and now, because to
// hand it to another goroutine would cost more than the handler. If Lead reports
// false, the handler was not short, the loop goes on elsewhere, and the caller
// must leave it.
func (d *Dispatcher) Lead(in *wire.Incoming, loop *workers.Loop) bool {
	pace := in.Target.Pace
	if pace == nil || !pace.Quick() {
		d.Go(in)
		return true
	}
	turn, ok := loop.Begin(pace)
	if !ok {
		d.Go(in)
		return true
	}
	returned := false
	defer func() {
		if !returned { // runtime.Goexit in the handler
			loop.Leave(turn)
		}
	}()
	in.OnLoop = true
	r := running{d: d, in: in, timed: turn%timedTurns == 0}
	r.Run()
	returned = true
	return loop.End(turn)
}

// timedTurns is how many calls on a loop there are to one whose handler is
// timed; turns are even.
const timedTurns = 16

// Serve implements [wire.Dispatcher]. The call runs on a goroutine of the
// dispatcher's all the same: runtime.Goexit in a handler must not end the
// protocol's.
func (d *Dispatcher) Serve(in *wire.Incoming) {
	ended := make(chan struct{})
	if !d.pool.Go(&running{d: d, in: in, ended: ended}) {
		refuse(in)
		return
	}
	<-ended
}

func refuse(in *wire.Incoming) {
	err := curlew.NewError(curlew.Unavailable, "shut down: no more calls are taken").WithProgress(curlew.Refused)
	in.Stream.Finish(nil, err)
	in.Cancel(err)
}

// Active returns the number of calls in flight of each method that has any, by
// full name.
func (d *Dispatcher) Active() map[string]int {
	active := make(map[string]int)
	for _, s := range d.table.Load().services {
		for _, m := range s.methods {
			if n := m.active.Load(); n > 0 {
				active[m.target.Method.FullName()] = int(n)
			}
		}
	}
	d.fallback.active(active)
	return active
}

// Shutdown refuses new calls and waits until those in flight have ended, with
// them all goroutines of the dispatcher. If ctx ends before, it returns an
// error; the calls go on, and Shutdown may be called again.
func (d *Dispatcher) Shutdown(ctx context.Context) error {
	d.pool.Close()
	return d.pool.Wait(ctx)
}
