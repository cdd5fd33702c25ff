// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestNothingToPick(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		for range 2 {
			if pick, err := p.Pick(context.Background(), Info{}); err != ErrNotReady {
				t.Errorf("got %v, %v, want ErrNotReady", pick, err)
			}
			p.Update(nil)
		}
		list := fakes(3)
		for _, f := range list {
			f.set(Failing)
		}
		p.Update(nodesOf(list))
		if pick, err := p.Pick(context.Background(), Info{Now: start}); err != ErrNotReady {
			t.Errorf("all fail: got %v, %v, want ErrNotReady", pick, err)
		}
		p.Update(nil)
		if pick, err := p.Pick(context.Background(), Info{Now: start}); err != ErrNotReady {
			t.Errorf("all have gone: got %v, %v, want ErrNotReady", pick, err)
		}
	})
}

// A ready node that was not tried is picked, however rare it is.
func TestTheOneThatIsReady(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		if s, ok := p.(*Subset); ok {
			s.Size = 50 // nodes outside of it do not count
		}
		list := fakes(50)
		for i, f := range list {
			f.set([]State{Idle, Connecting, Failing}[i%3])
		}
		list[0].set(Ready)
		list[17].set(Ready)
		p.Update(nodesOf(list))
		for range 200 {
			if pick := mustPick(t, p, Info{Tried: []Node{list[0]}, Now: start}); pick.Node != list[17] {
				t.Fatal("a node that is not ready, or was tried")
			}
		}
	})
}

func TestTheOnlyOneIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		list := fakes(2)
		list[1].set(Failing)
		p.Update(nodesOf(list))
		if pick := mustPick(t, p, Info{Tried: []Node{list[0]}, Now: start}); pick.Node != list[0] {
			t.Error("not the only one")
		}
	})
}

func TestUntriedAndIdleIsBetterThanTried(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		list := fakes(2)
		list[1].set(Idle)
		p.Update(nodesOf(list))
		for range 20 {
			if pick := mustPick(t, p, Info{Tried: []Node{list[0]}, Now: start}); pick.Node != list[1] {
				t.Fatal("the one that was tried")
			}
		}
	})
}

// Picks, feedback and updates of every kind beside each other: nothing but
// nodes of the set is picked, and nothing stays in flight.
func TestEverythingAtOnce(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		all := fakes(40)
		p.Update(nodesOf(all))
		var callers sync.WaitGroup
		stop := make(chan struct{})
		for c := range 8 {
			callers.Go(func() {
				r := rand.New(rand.NewPCG(uint64(c), 1))
				for i := range 600 {
					now := start.Add(time.Duration(i) * 150 * time.Millisecond)
					info := Info{Now: now}
					if i%5 == 0 {
						info.Tried = []Node{all[r.IntN(len(all))]}
					}
					pick, err := p.Pick(context.Background(), info)
					if err != nil {
						if err != ErrNotReady {
							t.Errorf("%v", err)
						}
						continue
					}
					if _, ok := pick.Node.(*fake); !ok {
						t.Errorf("picked a %T", pick.Node)
					}
					result := Result{Now: now, Duration: time.Duration(r.IntN(1e7))}
					if r.IntN(3) == 0 {
						result.Err = broken
					}
					done(pick, result)
				}
			})
		}
		var updater sync.WaitGroup
		updater.Go(func() {
			r := rand.New(rand.NewPCG(9, 9))
			for {
				select {
				case <-stop:
					return
				default:
				}
				list := nodesOf(all)
				r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				f := all[r.IntN(len(all))]
				f.set(State(r.IntN(4)))
				f.weigh(r.IntN(10))
				p.Update(list[:20+r.IntN(20)])
			}
		})
		callers.Wait()
		close(stop)
		updater.Wait()
		if o, ok := p.(*Outlier); ok {
			p = o.Picker
		}
		if c, ok := p.(interface{ open() int64 }); ok && c.open() != 0 {
			t.Errorf("%d attempts are still in flight", c.open())
		}
	})
}

// open returns how many attempts the members have in flight.
func (c *chooser) open() (n int64) {
	for _, m := range c.set.Load().members {
		n += max(m.pending.Load(), -m.pending.Load())
	}
	return n + c.total.Load()
}
