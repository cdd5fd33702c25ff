// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// phase is where a server stands in its life.
type phase uint8

const (
	open      phase = iota
	departing       // a shutdown has begun
	draining        // sources take no new calls
	stopped         // it is complete
)

// serving is a source that is served.
type serving struct {
	wire.Source
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// Serve serves calls from the addresses that Listen bound and from the given
// sources. It returns when
//
//   - ctx ends, after a [Server.Shutdown] of the whole server that may last the
//     shutdown timeout,
//   - a source fails, after such a Shutdown,
//   - Shutdown or Close was called, once that is complete,
//   - all sources have ended by themselves.
//
// The error tells of failed sources and is or wraps a [*ShutdownError] if calls
// were cut. Handlers' contexts carry ctx's values.
//
// It does not matter whether a Shutdown comes after Serve has begun or before:
// Serve returns what Shutdown does. What it was given to serve is closed.
func (s *Server) Serve(ctx context.Context, sources ...wire.Source) error {
	all, err := s.begin(ctx, sources)
	switch {
	case err == errShutDown:
		closeAll(sources)
		return s.awaitShutdown(ctx)
	case err != nil:
		closeAll(append(s.unbind(), sources...))
		return err
	}
	ended := make(chan error, len(all))
	for _, source := range all {
		// The loop below waits for each, unless it outlasts a hard stop.
		start(func() { ended <- s.serve(source) })
	}
	for range all {
		select {
		case err := <-ended:
			if err != nil {
				return errors.Join(fmt.Errorf("server: %w", err), s.shutdownAfter(ctx))
			}
		case <-ctx.Done():
			return s.shutdownAfter(ctx)
		case <-s.stopped:
			return s.outcome()
		}
	}
	select {
	case <-s.draining:
	default:
		return nil
	}
	return s.awaitShutdown(ctx)
}

// awaitShutdown waits for the end of a shutdown that has begun.
func (s *Server) awaitShutdown(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.shutdownAfter(ctx)
	case <-s.stopped:
		return s.outcome()
	}
}

// start runs f in a goroutine. Serve waits for those of its sources, and
// withdraw for those of announcers.
func start(f func()) { go f() }

// begin takes what Listen bound and the given sources to be served.
func (s *Server) begin(ctx context.Context, sources []wire.Source) ([]*serving, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return nil, errShutDown
	}
	sources = append(s.bound, sources...)
	if len(sources) == 0 {
		return nil, errors.New(`server: there is nothing to serve; give an address such as ":8080" to Listen, or a source to Serve`)
	}
	announcers, err := s.newAnnouncers(sources)
	if err != nil {
		return nil, err
	}
	s.bound = nil
	all := make([]*serving, len(sources))
	for i, source := range sources {
		run, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		all[i] = &serving{source, run, cancel}
	}
	s.serving = append(s.serving, all...)
	s.announcers = append(s.announcers, announcers...)
	for _, a := range announcers {
		start(a.run)
	}
	return all, nil
}

// newAnnouncers returns what registers the server while it serves, unless that is
// done already. mu is held.
func (s *Server) newAnnouncers(sources []wire.Source) ([]*announcer, error) {
	if s.announcers != nil {
		return nil, nil
	}
	var announcers []*announcer
	for _, a := range s.options.announcements {
		var err error
		if a.endpoint, err = advertised(a.endpoint, addrsOf(sources), ownAddress); err != nil {
			return nil, fmt.Errorf("server: register %s: %w", a.service, err)
		}
		announcers = append(announcers, newAnnouncer(a, s.options.health, s.logger))
	}
	return announcers, nil
}

var errShutDown = errors.New("server: it has been shut down; make a new one")

// unbind takes back what Listen bound.
func (s *Server) unbind() []wire.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	bound := s.bound
	s.bound = nil
	return bound
}

// closeAll closes sources that are not served. What a Close says is no news: the
// sources are not wanted.
func closeAll(sources []wire.Source) {
	for _, source := range sources {
		_ = source.Close()
	}
}

// serve serves one source until it ends.
func (s *Server) serve(source *serving) error {
	err := source.Serve(source.ctx, s.dispatcher)
	source.cancel(nil)
	s.mu.Lock()
	s.serving = slices.DeleteFunc(s.serving, func(other *serving) bool { return other == source })
	s.closeIfIdle()
	var announcers []*announcer
	if s.phase == open && len(s.serving) == 0 {
		announcers, s.announcers = s.announcers, nil
	}
	s.mu.Unlock()
	withdraw(context.WithoutCancel(source.ctx), announcers) // each bounds its own time
	return err
}

func (s *Server) closeIfIdle() {
	if s.phase == draining && len(s.serving) == 0 {
		close(s.idle)
	}
}

// Addrs returns where the server takes calls: at the addresses bound by Listen
// and those of the sources being served.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs := addrsOf(s.bound)
	for _, source := range s.serving {
		addrs = append(addrs, addrsOf([]wire.Source{source.Source})...)
	}
	return addrs
}

func addrsOf(sources []wire.Source) []net.Addr {
	var addrs []net.Addr
	for _, source := range sources {
		if a := source.Addr(); a != nil {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// Shutdown ends the server gracefully. It leaves the registries of
// [WithRegistrar], and serves on for the time of [WithDrainDelay] so that
// clients notice. Then it takes no new connections, tells peers to send no more
// calls, closes [curlew.Call.Draining] of streams, and waits until all calls in
// flight have ended. When ctx ends before, it cuts what is left and reports that
// as a [*ShutdownError]. It may be called several times; the end of any ctx is
// the end of patience.
func (s *Server) Shutdown(ctx context.Context) error {
	select {
	case <-s.stopped:
		return s.outcome()
	default:
	}
	s.depart(ctx)
	s.drain()
	if s.finish(ctx) != nil {
		s.hardStop(ctx)
	}
	s.mu.Lock()
	if s.phase != stopped {
		s.phase = stopped
		close(s.stopped)
	}
	s.mu.Unlock()
	return s.outcome()
}

// Close ends the server at once. Calls that it cut are reported as a
// [*ShutdownError].
func (s *Server) Close() error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("the server was closed"))
	return s.Shutdown(ctx)
}

// shutdownAfter shuts down because of the end of ctx, or of a source.
func (s *Server) shutdownAfter(ctx context.Context) error {
	patience := s.options.shutdownTimeout
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), patience,
		fmt.Errorf("the shutdown timeout of %v has passed", patience))
	defer cancel()
	return s.Shutdown(ctx)
}

// depart lets the world know that the server is about to drain, while it still
// serves. No Serve begins any more.
func (s *Server) depart(ctx context.Context) {
	s.mu.Lock()
	if s.phase > departing {
		s.mu.Unlock()
		return
	}
	s.phase = departing
	announcers := s.announcers
	s.mu.Unlock()
	for _, a := range announcers {
		a.stop() // before they see the change of health
	}
	if len(announcers) > 0 || s.options.drainDelay > 0 {
		s.sayNotServing()
	}
	stayed := withdraw(ctx, announcers)
	delay := s.options.drainDelay
	if delay < 0 {
		delay = 0
		if stayed {
			delay = defaultDrainDelay
		}
	}
	resilience.Sleep(ctx, delay)
}

// sayNotServing answers health checks as a server does that drains. A user's own
// Health is left to the user until then.
func (s *Server) sayNotServing() {
	if s.health == nil {
		return
	}
	s.health.Set("", health.NotServing)
	for _, service := range s.Services() {
		s.health.Set(service.Name(), health.NotServing)
	}
}

func (s *Server) drain() {
	s.mu.Lock()
	if s.phase >= draining {
		s.mu.Unlock()
		return
	}
	s.phase = draining
	close(s.draining)
	bound, all := s.bound, slices.Clone(s.serving)
	s.bound = nil
	s.closeIfIdle()
	s.mu.Unlock()
	closeAll(bound)
	for _, source := range all {
		source.Drain()
	}
}

// finish waits until all sources and calls have ended.
func (s *Server) finish(ctx context.Context) error {
	select {
	case <-s.idle:
		return s.dispatcher.Shutdown(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// hardStop ends what is left after ctx has ended.
func (s *Server) hardStop(ctx context.Context) {
	s.mu.Lock()
	if calls := s.dispatcher.Active(); s.cut == nil && len(calls) > 0 {
		s.cut = &ShutdownError{Calls: calls, cause: context.Cause(ctx)}
	}
	all := slices.Clone(s.serving)
	s.mu.Unlock()
	for _, source := range all {
		source.cancel(curlew.NewError(curlew.Unavailable, "the server is shut down"))
		source.Close()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if s.dispatcher.Shutdown(grace) == nil && s.finish(grace) == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == stopped { // another Shutdown was here before, and has reported
		return
	}
	if s.cut == nil {
		s.cut = &ShutdownError{cause: context.Cause(ctx)}
	}
	s.cut.Stuck = s.dispatcher.Active()
}

// outcome returns what the shutdown reports.
func (s *Server) outcome() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut == nil {
		return nil
	}
	return s.cut
}
