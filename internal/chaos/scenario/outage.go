// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/internal/realservers"
)

// registry is a real one that can be broken.
type registry struct {
	url     string
	kill    func(testing.TB)
	start   func(testing.TB)
	compact func(testing.TB) // nil: it has no such thing
	wipe    func(testing.TB)
	count   func() (int, error) // the registered instances of the crowd
}

func outageEtcd(e *env) {
	server := realservers.Etcd(e)
	e.outage(registry{
		url: "etcd://" + server.Addr(), kill: server.Kill, start: server.Start, compact: server.Compact, wipe: server.Wipe,
		count: func() (n int, err error) {
			var found struct{ Count json.Number }
			body := server.Ask(e, "/v3/kv/range", map[string]any{"key": []byte(crowd + "/"), "range_end": []byte(crowd + "0"), "count_only": true})
			if err := json.Unmarshal(body, &found); err != nil || found.Count == "" {
				return 0, err
			}
			_, err = fmt.Sscan(found.Count.String(), &n)
			return n, err
		},
	})
}

func outageConsul(e *env) {
	server := realservers.Consul(e)
	e.outage(registry{
		url: "consul://" + server.Addr(), kill: server.Kill, start: server.Start, wipe: server.Wipe,
		count: func() (int, error) {
			response, err := http.Get("http://" + server.Addr() + "/v1/catalog/service/" + crowd)
			if err != nil {
				return 0, err
			}
			defer func() { _ = response.Body.Close() }() // it was read
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return 0, err
			}
			var found []struct{}
			err = json.Unmarshal(body, &found)
			return len(found), err
		},
	})
}

// crowd is a service of many registrations without servers, which show how
// registrations come back; each is as one of a process of its own.
const (
	crowd     = "crowd"
	crowdSize = 100
)

// outage breaks a registry while calls go on.
func (e *env) outage(r registry) {
	found := e.open(r.url)
	config := fleet.Config{Registry: r.url, Handle: 2 * time.Millisecond}
	replicas := e.start(size, config)
	for _, replica := range replicas {
		replica.AwaitRegistered(e)
	}
	e.gather(r.url)
	if n, err := r.count(); err != nil || n != crowdSize {
		e.Fatalf("%d of %d instances are registered: %v", n, crowdSize, err)
	}
	c := e.dial(found.Scheme()+":///"+fleet.Service, client.WithResolver(found))
	down := e.shorter(time.Minute, 5*time.Second)
	run := e.load(c, load.Plan{Stages: []load.Stage{{Rate: 500, For: time.Hour}}, Writes: 0.5})

	e.wait(time.Second)
	r.kill(e)
	e.wait(down)
	e.Logf("the registry was down for %v", down)
	r.start(e)
	e.wait(2 * time.Second)
	if r.compact != nil {
		r.compact(e)
	}
	// A server that comes now must be found: the watch goes on.
	begin := c.journal.Now()
	late := fleet.Start(e, e.Program, config)
	late.AwaitRegistered(e)
	registered := c.journal.Now()
	e.awaitCalls(c, late.Addr, registered)
	e.figure("after the restart, a new server got its first call after", figure.Millis(firstTry(c.journal, late.Addr, begin)-registered), "ms", figure.AtMost(5000))

	r.wipe(e)
	e.herd(r)
	e.wait(e.shorter(20*time.Second, 5*time.Second))
	all := append(replicas, late)
	last := c.journal.Now()
	e.wait(time.Second)
	run.Stop()
	calls := c.journal.Calls(0, last)
	e.figure("calls", float64(len(calls)), "", figure.Bound{})
	e.figure("calls began late by, p99", figure.Millis(load.Lateness(calls, 0.99)), "ms", figure.Bound{})
	e.figure("failed calls", float64(load.Count(calls, load.Failed)), "", figure.AtMost(0))
	e.explain(calls, load.Failed)
	used := 0
	for _, replica := range all {
		if firstTry(c.journal, replica.Addr, last) > 0 {
			used++
		}
	}
	e.figure("servers that get calls in the end", float64(used), "", figure.AtLeast(float64(len(all))))
}

// gather registers the crowd.
func (e *env) gather(url string) {
	var joining, leaving sync.WaitGroup
	for i := range crowdSize {
		registrar := e.open(url)
		joining.Go(func() {
			ctx, cancel := context.WithTimeout(e.ctx, 30*time.Second)
			defer cancel()
			leave, err := registrar.Register(ctx, crowd, discovery.Endpoint{Address: fmt.Sprintf("127.0.0.1:%d", 20000+i)})
			if err != nil {
				e.Errorf("%s: %v", url, err)
				return
			}
			e.Cleanup(func() {
				leaving.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
					defer cancel()
					_ = leave(ctx) // the registry ends too
				})
			})
		})
	}
	e.Cleanup(leaving.Wait)
	joining.Wait()
}

// herd watches the crowd come back to a registry that has lost its data.
func (e *env) herd(r registry) {
	const window, most = 100 * time.Millisecond, 60 * time.Second
	type sample struct {
		at time.Duration
		n  int
	}
	begin := time.Now()
	samples := []sample{{}}
	for last := 0; last < crowdSize && time.Since(begin) < most; {
		n, err := r.count()
		if err != nil {
			e.Logf("counting: %v", err)
		} else if n != last {
			samples = append(samples, sample{time.Since(begin), n})
			last = n
		}
		e.wait(10 * time.Millisecond)
	}
	end := samples[len(samples)-1]
	e.figure("instances that registered again by themselves", percent(float64(end.n), crowdSize), "%", figure.AtLeast(100))
	e.figure("all were back after", figure.Millis(end.at), "ms", figure.Bound{})
	peak := 0
	for i, s := range samples {
		for _, earlier := range samples[:i] {
			if s.at-earlier.at <= window {
				peak = max(peak, s.n-earlier.n)
			}
		}
	}
	e.figure("of them within the same 100 ms, at most", percent(float64(peak), crowdSize), "%", figure.AtMost(20))
}

// awaitCalls waits until a server gets calls.
func (e *env) awaitCalls(c *caller, server string, since time.Duration) {
	for firstTry(c.journal, server, 0) == 0 && c.journal.Now()-since < 20*time.Second {
		e.wait(20 * time.Millisecond)
	}
}

// firstTry is when a server got the first call from a time on; 0 is never.
func firstTry(j *load.Journal, server string, from time.Duration) time.Duration {
	var first time.Duration
	for _, a := range j.Tried(from, 0) {
		if a.Peer == server && (first == 0 || a.Begin < first) {
			first = a.Begin
		}
	}
	return first
}
