// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package assert

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func leakyGoroutine(stop, stopped chan struct{}) {
	<-stop
	close(stopped)
}

func TestNoLeaksFindsALeak(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	failure := failureOf(func(t testing.TB) {
		noLeaks(t, 10*time.Millisecond)
		inner := make(chan struct{})
		go func() { // the leak's parent ends; its label lives on
			go leakyGoroutine(stop, stopped)
			close(inner)
		}()
		<-inner
	})
	close(stop)
	<-stopped
	if !strings.Contains(failure, "leakyGoroutine") {
		t.Errorf("failure is %q, want the leaking function named in it", failure)
	}
}

func TestNoLeaksInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, stopped := make(chan struct{}), make(chan struct{})
		failure := failureOf(func(t testing.TB) {
			NoLeaks(t)
			go leakyGoroutine(stop, stopped)
		})
		close(stop)
		<-stopped
		if failure == "" {
			t.Error("the leak was not found")
		}
	})
}

func TestNoLeaksAcceptsATidyTest(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go leakyGoroutine(stop, stopped) // of another test, so to speak
	failure := failureOf(func(t testing.TB) {
		NoLeaks(t)
		mine, mineStopped := make(chan struct{}), make(chan struct{})
		go leakyGoroutine(mine, mineStopped)
		close(mine) // ends soon, not at once
	})
	close(stop)
	<-stopped
	if failure != "" {
		t.Errorf("failed with %q", failure)
	}
}

// leaky lists the strays that these tests made.
func leaky() []string {
	return slices.DeleteFunc(strays(), func(s string) bool { return !strings.Contains(s, "leakyGoroutine") })
}

// fakeM stands for a package whose tests leave a goroutine behind, or not.
type fakeM struct {
	code  int
	leave func()
}

func (m fakeM) Run() int {
	m.leave()
	return m.code
}

func TestMainFindsALeak(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	leak := func() {
		started := make(chan struct{}) // before it runs, its stack does not tell its name
		go func() {
			close(started)
			leakyGoroutine(stop, stopped)
		}()
		<-started
	}

	var stderr strings.Builder
	if code := run(fakeM{leave: leak}, &stderr, 10*time.Millisecond, leaky); code != 1 {
		t.Errorf("exit status %d of leaking tests, want 1", code)
	}
	if !strings.Contains(stderr.String(), "leakyGoroutine") {
		t.Errorf("message is %q, want the leaking function named in it", stderr.String())
	}
	close(stop)
	<-stopped
}

func TestMainKeepsTheExitStatus(t *testing.T) {
	for _, want := range []int{0, 1, 2} {
		var stderr strings.Builder
		if code := run(fakeM{code: want, leave: func() {}}, &stderr, patience, leaky); code != want {
			t.Errorf("exit status %d, want %d: %s", code, want, &stderr)
		}
	}
}
