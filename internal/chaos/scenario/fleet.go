// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/resilience"
)

// size is how many servers a fleet has.
const size = 5

// start starts servers.
func (e *env) start(n int, c fleet.Config) []*fleet.Replica {
	var all []*fleet.Replica
	for range n {
		all = append(all, fleet.Start(e, e.Program, c))
	}
	return all
}

// addresses is a target that lists servers.
func addresses(replicas []*fleet.Replica) string {
	var all []string
	for _, r := range replicas {
		all = append(all, r.Addr)
	}
	return strings.Join(all, ",")
}

// caller is a client, and the journal of its calls.
type caller struct {
	*client.Client
	journal     *load.Journal
	read, write *curlew.Method
}

// dial returns a client that is connected. It is closed when the scenario ends.
func (e *env) dial(target string, options ...client.Option) *caller {
	journal := load.NewJournal()
	c, err := client.New(target, append(options, client.WithAttemptInterceptors(journal.Attempts))...)
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		e.Fatal(err)
	}
	return &caller{c, journal, fleet.Read(), fleet.Write()}
}

// do makes a call.
func (c *caller) do(ctx context.Context, write bool, p resilience.Priority) error {
	m := c.read
	if write {
		m = c.write
	}
	var reply fleet.Reply
	if p == resilience.Normal {
		return c.Invoke(ctx, m, &fleet.Request{Number: 1}, &reply)
	}
	return c.Invoke(ctx, m, &fleet.Request{Number: 1}, &reply, resilience.WithPriority(p))
}

// load begins to make calls by c.
func (e *env) load(c *caller, plan load.Plan) *load.Run {
	plan.Do, plan.Seed = c.do, e.Seed
	if plan.Timeout == 0 {
		plan.Timeout = 5 * time.Second
	}
	return load.Start(e.ctx, c.journal, plan)
}

// finish waits for the end of a load, and tells what the machine adds to all
// other figures.
func (e *env) finish(c *caller, run *load.Run) []load.Call {
	if err := run.Wait(); err != nil {
		e.Fatalf("not all calls were made: %v", err)
	}
	calls := c.journal.Calls(0, 0)
	e.figure("calls", float64(len(calls)), "", figure.Bound{})
	e.figure("calls began late by, p99", figure.Millis(load.Lateness(calls, 0.99)), "ms", figure.Bound{})
	return calls
}

// explain prints some of the errors of calls that should not have failed.
func (e *env) explain(calls []load.Call, fits func(*load.Call) bool) {
	const shown = 5
	n := 0
	for i := range calls {
		c := &calls[i]
		if c.Err == nil || !fits(c) {
			continue
		}
		if n++; n <= shown {
			err := curlew.ErrorOf(c.Err)
			e.Logf("at %v, write %v, %v after %v, %v: %v", c.Begin.Round(time.Millisecond), c.Write, err.Progress(), c.Took().Round(time.Microsecond), err.Origin(), err)
		}
	}
	if n > shown {
		e.Logf("… and %d more", n-shown)
	}
}
