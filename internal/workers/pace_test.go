// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"testing"
	"time"
)

// took tells of n tasks of one length.
func (p *Pace) took(n int, d time.Duration) {
	for range n {
		p.Took(d)
	}
}

// untilQuick returns how many short tasks it takes until the next one is
// trusted.
func (p *Pace) untilQuick(t *testing.T) int {
	t.Helper()
	for n := range 2 * maxRequired {
		if p.Quick() {
			return n
		}
		p.Took(time.Microsecond)
	}
	t.Fatal("never quick")
	return 0
}

func TestPace(t *testing.T) {
	for _, test := range []struct {
		name string
		told func(*Pace)
		want bool
	}{
		{"nothing", func(*Pace) {}, false},
		{"a few short ones", func(p *Pace) { p.took(firstTasks-1, 0) }, false},
		{"enough short ones", func(p *Pace) { p.took(firstTasks, 0) }, true},
		{"just short", func(p *Pace) { p.took(firstTasks, quick/2) }, true},
		{"just not short", func(p *Pace) { p.took(1000, quick+quick/4) }, false},
		{"long", func(p *Pace) { p.took(1000, time.Millisecond) }, false},
		{"a long one first", func(p *Pace) {
			p.Took(time.Second)
			p.took(1000, time.Microsecond)
		}, true},
		{"short with spikes", func(p *Pace) {
			for range 100 {
				p.took(9, time.Microsecond)
				p.Took(100 * time.Millisecond)
			}
		}, true},
		{"short and long by turns", func(p *Pace) {
			for range 1000 {
				p.Took(time.Microsecond)
				p.took(2, time.Millisecond)
			}
		}, false},
		{"once short, now longer", func(p *Pace) {
			p.took(1000, time.Microsecond)
			p.took(firstTasks, 2*quick)
		}, false},
		{"once long, now short", func(p *Pace) {
			p.took(1000, time.Millisecond)
			p.took(200, time.Microsecond)
		}, true},
	} {
		var p Pace
		test.told(&p)
		if got := p.Quick(); got != test.want {
			t.Errorf("%s: quick is %t, with a typical time of %v", test.name, got, time.Duration(p.typical.Load()))
		}
	}
}

func TestPaceAfterHoldUps(t *testing.T) {
	var p Pace
	want := firstTasks
	for range 30 {
		if got := p.untilQuick(t); got != want {
			t.Fatalf("trusted after %d tasks, want %d", got, want)
		}
		if want > maxRequired {
			break
		}
		p.HeldUp()
		if p.Quick() {
			t.Fatal("quick right after a task that held up its loop")
		}
		want = min(2*want, maxRequired) + firstTasks
	}
	if want != maxRequired+firstTasks {
		t.Errorf("in the end %d tasks are wanted, not the most there are", want)
	}
	p.took(rare, time.Microsecond) // in loops
	p.HeldUp()
	if got := p.untilQuick(t); got != firstTasks {
		t.Errorf("trusted %d tasks after a rare one that held up its loop, want %d", got, firstTasks)
	}
	p.took(rare-1, time.Microsecond)
	p.HeldUp()
	if got := p.untilQuick(t); got != 3*firstTasks {
		t.Errorf("trusted %d tasks after one that was not rare, want %d", got, 3*firstTasks)
	}
}

// Several loops run tasks of one method: when it begins to block, all are held
// up at once, which is one piece of news.
func TestPaceHeldUpTwiceAtOnce(t *testing.T) {
	var p Pace
	p.untilQuick(t)
	for range 10 {
		p.HeldUp()
	}
	if got := p.untilQuick(t); got != 3*firstTasks {
		t.Errorf("trusted after %d tasks, want %d", got, 3*firstTasks)
	}
}

func TestPaceCountsForever(t *testing.T) {
	var p Pace
	p.took(3*maxRequired, 0)
	if !p.Quick() {
		t.Error("not quick after very many short tasks")
	}
	p.HeldUp()
	if got := p.untilQuick(t); got != firstTasks {
		t.Errorf("trusted after %d tasks, want %d", got, firstTasks)
	}
}

func BenchmarkPace(b *testing.B) {
	var p Pace
	b.Run("Quick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Quick()
		}
	})
	b.Run("Took", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Took(time.Microsecond)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				p.Quick()
				p.Took(time.Microsecond)
			}
		})
	})
}
