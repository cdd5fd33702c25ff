// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package assert

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines that were told to end may take.
const patience = 5 * time.Second

// leakLabel is the profiler label by which NoLeaks knows its goroutines.
const leakLabel = "assert.NoLeaks"

// NoLeaks fails t if a goroutine that t started, directly or through others,
// still runs 5 seconds after t and its later cleanups have ended. Call it
// first. Tests in parallel do not disturb it: it marks t's goroutine with a
// profiler label, which goroutines inherit, so code that sets labels of its own
// is out of its sight, and so are the goroutines of timers.
func NoLeaks(t testing.TB) {
	t.Helper()
	noLeaks(t, patience)
}

func noLeaks(t testing.TB, patience time.Duration) {
	t.Helper()
	mark := fmt.Sprintf("%s@%p", t.Name(), t)
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(leakLabel, mark)))
	t.Cleanup(func() {
		pprof.SetGoroutineLabels(context.Background())
		left := settle(patience, func() []string { return labelled(mark) })
		if len(left) > 0 {
			t.Errorf("goroutines outlive the test; end what started them:\n\n%s", strings.Join(left, "\n\n"))
		}
	})
}

// Main runs a package's tests and exits. If they pass and goroutines still run
// 5 seconds later, it prints those and fails.
func Main(m *testing.M) {
	os.Exit(run(m, os.Stderr, patience, strays))
}

func run(m interface{ Run() int }, stderr io.Writer, patience time.Duration, list func() []string) int {
	if code := m.Run(); code != 0 {
		return code
	}
	if left := settle(patience, list); len(left) > 0 {
		fmt.Fprintf(stderr, "goroutines outlive the tests; end what started them:\n\n%s\n", strings.Join(left, "\n\n"))
		return 1
	}
	return 0
}

// settle asks for goroutines until there are none or patience is over, and
// returns the last answer.
func settle(patience time.Duration, list func() []string) []string {
	over := time.After(patience)
	pause := time.Millisecond
	for {
		left := list()
		if len(left) == 0 {
			return nil
		}
		select {
		case <-over:
			return left
		case <-time.After(pause):
			pause = min(2*pause, 100*time.Millisecond)
		}
	}
}

// labelled returns the stacks of the goroutines that carry the mark.
func labelled(mark string) []string {
	var profile strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	label := fmt.Sprintf("%q:%q", leakLabel, mark)
	stacks := strings.Split(strings.TrimSpace(profile.String()), "\n\n")
	return slices.DeleteFunc(stacks, func(s string) bool { return !strings.Contains(s, label) })
}

// strays returns the stacks of all goroutines but the caller's and those that
// the standard library keeps for the life of the process.
func strays() []string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	stacks := strings.Split(strings.TrimSpace(string(buf)), "\n\n")[1:] // the first is the caller's
	return slices.DeleteFunc(stacks, func(s string) bool {
		return strings.Contains(s, "os/signal.loop") || strings.Contains(s, "created by runtime.")
	})
}
