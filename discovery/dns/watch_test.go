// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
)

// script is a name whose answers the test gives, in virtual time.
type script struct {
	mu      sync.Mutex // guards now
	now     answer
	asked   []time.Duration // when
	updates []int           // of how many endpoints
	errs    []error
}

// play watches for as long as the steps take, the last step to the end.
func play(t *testing.T, c Config, first answer, steps ...func(s *script, r *Resolver, target discovery.Target)) *script {
	t.Helper()
	s := &script{now: first}
	synctest.Test(t, func(t *testing.T) {
		c.Logger = slog.New(slog.DiscardHandler)
		r := New(c)
		target := discovery.Target{Scheme: "dns", Endpoint: "shop.test:80"}
		begin := time.Now()
		w := &watch{config: &r.config, target: target, wake: make(chan struct{}, 1)}
		w.lookup = func(context.Context) answer {
			s.asked = append(s.asked, time.Since(begin))
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		}
		r.watches[w] = struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.run(ctx, func(u discovery.Update, err error) bool {
				if err != nil {
					s.errs = append(s.errs, err)
				} else {
					s.updates = append(s.updates, len(u.Endpoints))
				}
				return true
			})
		}()
		for _, step := range steps {
			synctest.Wait()
			step(s, r, target)
		}
		cancel()
		<-ended
	})
	return s
}

func wait(d time.Duration) func(*script, *Resolver, discovery.Target) {
	return func(*script, *Resolver, discovery.Target) { <-time.After(d) }
}

func becomes(a answer) func(*script, *Resolver, discovery.Target) {
	return func(s *script, _ *Resolver, _ discovery.Target) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now = a
	}
}

func refresh(_ *script, r *Resolver, t discovery.Target) { r.Refresh(t) }

func known(n int, ttl time.Duration) answer {
	return answer{endpoints: make([]discovery.Endpoint, n), ttl: ttl}
}

func TestAsksWhenRecordsExpire(t *testing.T) {
	for _, test := range []struct {
		ttl, least, most time.Duration
	}{
		{0, 5 * time.Second, 6 * time.Second}, // MinRefresh
		{time.Minute, time.Minute, 72 * time.Second},
		{time.Hour, 5 * time.Minute, 6 * time.Minute}, // MaxRefresh
		{-1, 30 * time.Second, 36 * time.Second},      // unknown
	} {
		s := play(t, Config{}, known(2, test.ttl), wait(time.Hour))
		spread := make(map[time.Duration]bool)
		for i := range s.asked[1:] {
			gap := s.asked[i+1] - s.asked[i]
			spread[gap] = true
			if gap < test.least || gap > test.most {
				t.Errorf("TTL %v: asked again after %v, want %v to %v", test.ttl, gap, test.least, test.most)
			}
		}
		assert.True(t, len(spread) > len(s.asked)/2, "clients that ask at times of their own, with TTL", test.ttl)
		assert.Equal(t, s.updates, []int{2}, "what did not change is not told again")
	}
}

func TestRefresh(t *testing.T) {
	s := play(t, Config{}, known(1, time.Hour), wait(20*time.Second), refresh, refresh, wait(time.Second), refresh, wait(30*time.Second),
		func(_ *script, r *Resolver, _ discovery.Target) {
			r.Refresh(discovery.Target{Scheme: "dns", Endpoint: "another:80"})
		}, wait(10*time.Second))
	assert.Equal(t, s.asked, []time.Duration{0, 20 * time.Second, 25 * time.Second}, "at once, and 5 s later for those who asked meanwhile")
}

// A name server that fails changes nothing; a name that is gone is told.
func TestFailures(t *testing.T) {
	down := answer{err: errors.New("server misbehaving"), ttl: -1}
	gone := answer{err: &net.DNSError{Err: "no such host", IsNotFound: true}, missing: true, ttl: 10 * time.Second}
	s := play(t, Config{}, down, wait(10*time.Minute), becomes(known(3, 0)), wait(time.Minute), becomes(down), wait(time.Minute),
		becomes(known(3, 0)), wait(time.Minute), becomes(gone), wait(time.Minute))
	assert.Equal(t, s.updates, []int{3, 3, 0})
	assert.Contains(t, s.errs[0].Error(), "dns: dns:///shop.test:80: server misbehaving")
	assert.Contains(t, s.errs[len(s.errs)-1].Error(), "no such host")
	asked := 0
	for _, at := range s.asked {
		if at < 10*time.Minute {
			asked++
		}
	}
	assert.True(t, asked > 20 && asked < 120, "the name server was asked", asked, "times in ten minutes of failing")
}
