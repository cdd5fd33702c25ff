// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"bytes"
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
			request := map[string]any{"key": []byte(crowd + "/"), "range_end": []byte(crowd + "0"), "count_only": true}
			if err := fetch("http://"+server.Addr()+"/v3/kv/range", request, &found); err != nil || found.Count == "" {
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
		// The agent knows what has come before the catalog does, which it tells a lot
		// at a time.
		count: func() (n int, err error) {
			var found map[string]struct{ Service string }
			if err := fetch("http://"+server.Addr()+"/v1/agent/services", nil, &found); err != nil {
				return 0, err
			}
			for _, s := range found {
				if s.Service == crowd {
					n++
				}
			}
			return n, nil
		},
	})
}

// fetch asks a registry, by POST if there is a request.
func fetch(url string, request, answer any) error {
	method, body := http.MethodGet, []byte(nil)
	if request != nil {
		var err error
		if body, err = json.Marshal(request); err != nil {
			return err
		}
		method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	if body, err = io.ReadAll(response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return json.Unmarshal(body, answer)
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

// herd wipes a registry, and watches the crowd come back.
func (e *env) herd(r registry) {
	const window, most, often = 100 * time.Millisecond, 60 * time.Second, 10 * time.Millisecond
	var samples []sample
	var counting sync.WaitGroup
	stop := make(chan struct{})
	counting.Go(func() {
		gone := false // what was there before it was wiped
		for begin, last := time.Now(), 0; last < crowdSize && time.Since(begin) < most; {
			n, err := r.count() // while it is away there are errors
			gone = gone || err != nil || n < crowdSize
			if gone && err == nil && n != last {
				samples = append(samples, sample{time.Now(), n})
				last = n
			}
			select {
			case <-time.After(often):
			case <-stop:
				return
			}
		}
	})
	e.Cleanup(func() { // for when the scenario ends before
		close(stop)
		counting.Wait()
	})
	begin := time.Now()
	r.wipe(e)
	e.figure("the registry that had lost its data answered after", figure.Millis(time.Since(begin)), "ms", figure.Bound{})
	counting.Wait()
	if len(samples) == 0 {
		e.Fatal("nothing was registered again")
	}
	first, last := samples[0], samples[len(samples)-1]
	e.figure("instances that registered again by themselves", percent(float64(last.n), crowdSize), "%", figure.AtLeast(100))
	e.figure("from the first to the last", figure.Millis(last.at.Sub(first.at)), "ms", figure.Bound{})
	e.figure("of them within the same 100 ms, at most", percent(float64(peak(samples, window)), crowdSize), "%", figure.AtMost(20))
}

// sample is how many were registered at a time.
type sample struct {
	at time.Time
	n  int
}

// peak is by how much samples grow at most within a window.
func peak(samples []sample, window time.Duration) (most int) {
	for i, s := range samples {
		before := 0 // nobody was there
		for _, earlier := range samples[:i] {
			if s.at.Sub(earlier.at) > window {
				before = earlier.n
			}
		}
		most = max(most, s.n-before)
	}
	return most
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
