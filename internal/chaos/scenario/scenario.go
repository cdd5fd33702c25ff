// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
)

// Scenario is one thing that happens.
type Scenario struct {
	Name, Title string
	run         func(*env)
}

// All are the scenarios, in the order in which they run.
func All() []Scenario {
	return []Scenario{
		{"roll-etcd", "a rolling restart of 5 servers under load, found by etcd", rollEtcd},
		{"roll-consul", "a rolling restart of 5 servers under load, found by Consul", rollConsul},
		{"roll-nginx", "a rolling restart of 5 servers behind nginx, by curlew sync", rollNginx},
		{"kill", "kill -9 of one of 5 servers under load", kill},
		{"slow", "one of 5 servers becomes 20 times slower", slow},
		{"cable", "a cable is cut: packets are dropped without a word", cable},
		{"outage-etcd", "etcd is down, restarted, compacted, and loses its data", outageEtcd},
		{"outage-consul", "Consul is down, restarted, and loses its data", outageConsul},
		{"overload", "3 times the load that a server can take", overload},
		{"picks", "1,000 updates a second of 5,000 endpoints", picks},
		{"stack", "what the full stack costs over the bare client", stack},
	}
}

// Options say how scenarios run.
type Options struct {
	Seed  uint64
	Quick bool // shorter
	// Program is this program, which is also the servers.
	Program string
	// Root is the repository's folder.
	Root string
	// Curlew is the command line, if it was built.
	Curlew string
	Out    io.Writer
}

// Result is what came of a scenario.
type Result struct {
	Figures []figure.Figure
	// Failed says that it did not get to its end, or that what it started did not
	// behave; Skipped why it did not run at all.
	Failed  bool
	Skipped string
}

// Run runs a scenario, and prints its figures as they come.
func Run(ctx context.Context, s Scenario, o Options) Result {
	folder, err := os.MkdirTemp("", "curlew-chaos-")
	if err != nil {
		fmt.Fprintf(o.Out, "   FAILED: %v\n", err)
		return Result{Failed: true}
	}
	defer func() { _ = os.RemoveAll(folder) }() // of the system's temporary ones
	e := &env{Options: o, ctx: ctx, scenario: s.Name, folder: folder}
	done := make(chan struct{})
	go func() { // the loop below waits for it
		defer close(done)
		defer e.end()
		s.run(e)
	}()
	<-done
	if ctx.Err() != nil {
		e.result.Failed = true
	}
	return e.result
}

// env is where a scenario runs. It is a testing.TB for packages that start
// servers for tests, as far as they use one.
type env struct {
	testing.TB
	Options
	ctx      context.Context
	scenario string
	folder   string
	folders  int

	mu       sync.Mutex // guards the rest
	cleanups []func()
	result   Result
}

// figure tells what was measured.
func (e *env) figure(name string, value float64, unit string, bound figure.Bound) {
	f := figure.New(e.scenario, name, value, unit, bound, e.Seed)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.result.Figures = append(e.result.Figures, f)
	fmt.Fprintln(e.Out, f)
}

// wait waits for a time, or ends the scenario with its context.
func (e *env) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-e.ctx.Done():
		e.Fatal(context.Cause(e.ctx))
	}
}

// shorter is the time for a quick run, or else the whole.
func (e *env) shorter(whole, quick time.Duration) time.Duration {
	if e.Quick {
		return quick
	}
	return whole
}

// end runs what the scenario has left to do.
func (e *env) end() {
	if p := recover(); p != nil {
		e.Errorf("%v\n%s", p, debug.Stack())
	}
	for {
		e.mu.Lock()
		if len(e.cleanups) == 0 {
			e.mu.Unlock()
			return
		}
		last := e.cleanups[len(e.cleanups)-1]
		e.cleanups = e.cleanups[:len(e.cleanups)-1]
		e.mu.Unlock()
		e.cleanup(last)
	}
}

// cleanup runs one of them, which may end its goroutine by Fatal.
func (e *env) cleanup(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (e *env) Helper() {}

func (e *env) Failed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.result.Failed
}

func (e *env) Cleanup(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cleanups = append(e.cleanups, f)
}

func (e *env) Log(args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fmt.Fprintln(e.Out, append([]any{"  "}, args...)...)
}

func (e *env) Logf(format string, args ...any) { e.Log(fmt.Sprintf(format, args...)) }

func (e *env) Error(args ...any) {
	e.mu.Lock()
	e.result.Failed = true
	e.mu.Unlock()
	e.Log(append([]any{"FAILED:"}, args...)...)
}

func (e *env) Errorf(format string, args ...any) { e.Error(fmt.Sprintf(format, args...)) }

func (e *env) Fatal(args ...any) {
	e.Error(args...)
	runtime.Goexit()
}

func (e *env) Fatalf(format string, args ...any) { e.Fatal(fmt.Sprintf(format, args...)) }

func (e *env) Skipf(format string, args ...any) {
	e.result.Skipped = fmt.Sprintf(format, args...)
	e.Log("not run:", e.result.Skipped)
	runtime.Goexit()
}

func (e *env) TempDir() string {
	e.folders++
	folder := filepath.Join(e.folder, fmt.Sprint(e.folders))
	if err := os.Mkdir(folder, 0o755); err != nil {
		e.Fatal(err)
	}
	return folder
}

// percent is the part of the whole.
func percent(part, whole float64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return 100 * part / whole
}
