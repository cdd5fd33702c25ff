// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

const (
	slots    = 8
	takes    = 5 * time.Millisecond
	capacity = float64(slots) * float64(time.Second) / float64(takes) // calls a second
)

// ended is what became of a call of a simulation.
type ended struct {
	at, took time.Duration // at is counted from the beginning of the load
	high     bool
	err      error
}

// load makes calls at a rate, at random moments, a tenth of them of high
// priority, and returns what became of them when all have ended.
func load(handler curlew.Handler, random *rand.Rand, rate float64, lasts time.Duration) []ended {
	_, write, _ := methods()
	var mu sync.Mutex
	var all []ended
	var running sync.WaitGroup
	begun := time.Now()
	for next := time.Duration(0); ; {
		next += time.Duration(random.ExpFloat64() / rate * float64(time.Second))
		if next >= lasts {
			break
		}
		<-time.After(next - time.Since(begun))
		h := curlew.NewHeader()
		high := random.IntN(10) == 0
		if high {
			h.Set(PriorityKey, strconv.Itoa(int(High)))
		}
		running.Go(func() {
			came := time.Now()
			err := handler(context.Background(), serverCall(context.Background(), write, h))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, ended{came.Sub(begun), time.Since(came), high, err})
		})
	}
	running.Wait()
	return all
}

func p99(all []ended) time.Duration {
	var took []time.Duration
	for _, e := range all {
		if e.err == nil {
			took = append(took, e.took)
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func served99(all []ended) (good int, high, highGood float64) {
	for _, e := range all {
		if e.err == nil {
			good++
		}
		if e.high {
			high++
			if e.err == nil {
				highGood++
			}
		}
	}
	return good, high, highGood
}

// slotted is a server whose handler has so many slots, for which calls wait in
// order.
func slotted() curlew.Handler {
	room := make(chan struct{}, slots)
	return func(context.Context, *curlew.Call) error {
		room <- struct{}{}
		<-time.After(takes)
		<-room
		return nil
	}
}

// TestOverload offers three times of what a server can do.
func TestOverload(t *testing.T) {
	for _, test := range []struct {
		name    string
		shed    Shed
		ratio   float64 // of the accepted calls' p99 to that at 80 % load
		goodput float64
	}{
		{"fixed", Shed{Concurrency: Concurrency{Limit: slots}}, 2, 0.9},
		{"adaptive", Shed{}, 2.5, 0.9},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, seed := range []uint64{1, 2} {
				synctest.Test(t, func(t *testing.T) { overload(t, test.shed, seed, test.ratio, test.goodput) })
			}
		})
	}
}

func overload(t *testing.T, shed Shed, seed uint64, ratio, least float64) {
	const lasts = 3 * time.Second
	random := rand.New(rand.NewPCG(seed, 0))
	limiter := shed.New()
	handler := limiter.Interceptor()(slotted())
	load(handler, random, 0.8*capacity, lasts) // the limiter learns
	usual := p99(load(handler, random, 0.8*capacity, lasts))
	over := load(handler, random, 3*capacity, lasts)
	after := load(handler, random, 0.8*capacity, 2*lasts)

	good, high, highGood := served99(over)
	goodput := float64(good) / lasts.Seconds() / capacity
	recovered := time.Duration(0)
	for _, e := range after {
		if e.err != nil {
			recovered = max(recovered, e.at)
		}
	}
	t.Logf("seed %d: goodput %.1f %% of capacity; p99 of accepted calls %v, at 80 %% load %v; high priority %.2f %% served; last refusal %v after the overload; limit %d",
		seed, 100*goodput, p99(over), usual, 100*highGood/high, recovered, limiter.Stats().Limit)
	assert.True(t, goodput >= least, "goodput")
	assert.True(t, float64(p99(over)) <= ratio*float64(usual), "p99 of accepted calls")
	assert.True(t, highGood >= 0.99*high, "calls of high priority served")
	assert.True(t, recovered < 2*time.Second, "recovery")
	assert.Equal(t, limiter.Stats().Running, 0)
	assert.Equal(t, limiter.Stats().Waiting, 0)
}
