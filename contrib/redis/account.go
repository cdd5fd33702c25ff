// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis

import (
	"sync"
	"time"
)

// account is what this process knows of one key's bucket. Nothing is awaited
// under its lock, which want and receive expect to be held.
type account struct {
	mu sync.Mutex // guards the rest

	tokens int       // taken from Redis and not spent
	lapse  time.Time // when they are no longer good
	batch  int       // how many were asked for last, 0 if that was long ago
	empty  time.Time // Redis has no token before

	asking  chan struct{} // closed when Redis has answered; nil if nobody asks
	waiting int           // calls that wait for that
}

// take takes one of the tokens that are there and returns 0, or how long there
// will be none. It reports false if only Redis knows.
func (a *account) take(now time.Time) (wait time.Duration, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.tokens > 0 && now.Before(a.lapse):
		a.tokens--
		return 0, true
	case now.Before(a.empty):
		return a.empty.Sub(now), true
	}
	return 0, false
}

// want returns how many tokens to ask for: twice as many as the last time as
// long as all are spent before they lapse, so that a process that calls seldom
// keeps none from the others. As many as calls wait for them it may be in any
// case.
func (a *account) want(now time.Time, most int) int {
	if a.tokens == 0 && now.Before(a.lapse) {
		a.batch = min(2*a.batch, most)
	} else {
		a.batch = 1
	}
	return min(max(a.batch, 1+a.waiting), most)
}

// receive notes what Redis has given, and if nothing, how long until it will.
func (a *account) receive(now time.Time, given int, wait, hold time.Duration) {
	if given == 0 {
		a.empty = now.Add(wait)
		return
	}
	a.tokens, a.lapse = given, now.Add(hold)
}

// accounts holds those of at most twice most keys, those used last: when the
// younger half is full, the older one is dropped. What is lost with an account
// are a few tokens.
type accounts struct {
	most int

	mu         sync.Mutex // guards the rest
	young, old map[string]*account
}

func newAccounts(most int) *accounts {
	return &accounts{most: most, young: make(map[string]*account)}
}

func (t *accounts) of(key string) *account {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.young[key]
	if a != nil {
		return a
	}
	if a = t.old[key]; a == nil {
		a = new(account)
	}
	if len(t.young) >= t.most {
		t.young, t.old = make(map[string]*account), t.young
	}
	t.young[key] = a
	return a
}
