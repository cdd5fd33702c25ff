// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// breaks makes a circuit whose chance is always none.
func breaks(b Breaker) *Circuit {
	c := b.New()
	c.random = func() float64 { return 0 }
	return c
}

// through makes a call that takes so long and ends with err.
func through(c *Circuit, takes time.Duration, err error) error {
	read, _, _ := methods()
	call, _ := clientCall(context.Background(), read)
	return c.Interceptor()(func(context.Context, *curlew.Call) error {
		if takes > 0 {
			<-time.After(takes)
		}
		return err
	})(context.Background(), call)
}

func refuses(t *testing.T, c *Circuit) {
	t.Helper()
	ran := errors.New("it ran")
	err := through(c, 0, ran)
	assert.ErrorIs(t, err, curlew.Unavailable)
	assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)
	assert.Contains(t, err.Error(), "Shop/Look: the circuit breaker is")
}

func TestConsecutiveFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{Consecutive: 3, ErrorRate: -1, OpenFor: time.Second, MaxOpenFor: 4 * time.Second, Probes: 2})
		for _, err := range []error{unavailable(), unavailable(), nil, unavailable(), unavailable()} {
			through(c, 0, err)
		}
		assert.Equal(t, c.State(), Closed)
		through(c, 0, unavailable())
		assert.Equal(t, c.State(), Open)
		refuses(t, c)
		<-time.After(time.Second - 1)
		refuses(t, c)
		for _, openFor := range []time.Duration{2 * time.Second, 4 * time.Second, 4 * time.Second} {
			<-time.After(1)
			assert.NoError(t, through(c, 0, nil), "a probe")
			assert.Equal(t, c.State(), HalfOpen)
			through(c, 0, unavailable())
			assert.Equal(t, c.State(), Open)
			<-time.After(openFor - 1)
			refuses(t, c)
		}
		<-time.After(1)
		assert.NoError(t, through(c, 0, nil))
		assert.NoError(t, through(c, 0, nil))
		assert.Equal(t, c.State(), Closed)
		s := c.Stats()
		assert.Equal(t, s, CircuitStats{Since: time.Now(), Opened: 4, Refused: 5})
		for range 3 {
			through(c, 0, unavailable())
		}
		<-time.After(time.Second)
		assert.NoError(t, through(c, 0, nil), "after it was closed it opens for the first time again")
	})
}

func TestErrorRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{})
		for range 9 {
			through(c, 0, nil)
			through(c, 0, unavailable())
		}
		assert.Equal(t, c.State(), Closed, "below MinCalls")
		<-time.After(11 * time.Second)
		for i := range 19 {
			through(c, 0, unavailable())
			assert.Equal(t, c.State(), Closed, "what is out of the window does not count", i)
		}
		through(c, 0, unavailable())
		assert.Equal(t, c.State(), Open)
		assert.Equal(t, c.Stats().Reason, "20 of 20 calls failed within 10s")

		c.Reset()
		for range 1000 {
			through(c, 0, nil)
		}
		for i := range 999 {
			through(c, 0, unavailable())
			assert.Equal(t, c.State(), Closed, i)
		}
		through(c, 0, unavailable())
		assert.Equal(t, c.State(), Open)
	})
}

func TestSlowCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{SlowAfter: 100 * time.Millisecond, SlowRate: 0.3, Probes: 1})
		for range 15 {
			through(c, 100*time.Millisecond, nil)
		}
		for range 6 {
			assert.Equal(t, c.State(), Closed)
			through(c, 101*time.Millisecond, nil)
		}
		through(c, 101*time.Millisecond, nil)
		assert.Equal(t, c.State(), Open)
		assert.Contains(t, c.Stats().Reason, "7 of 22 calls took more than 100ms")
		<-time.After(5 * time.Second)
		assert.NoError(t, through(c, time.Second, nil))
		assert.Equal(t, c.State(), Open)
		assert.Equal(t, c.Stats().Reason, "a probe took more than 100ms")
	})
}

func TestWhatCounts(t *testing.T) {
	e := func(code curlew.Code, o curlew.Origin, p curlew.Progress) error {
		return curlew.NewError(code, "x").WithOrigin(o).WithProgress(p)
	}
	b := Breaker{}.withDefaults()
	for _, test := range []struct {
		err  error
		want verdict
	}{
		{nil, success},
		{e(curlew.Unavailable, curlew.OriginServer, curlew.Answered), failure},
		{e(curlew.Unavailable, curlew.OriginTransport, curlew.NotSent), failure},
		{e(curlew.Unavailable, curlew.OriginTransport, curlew.MaybeSent), failure},
		{e(curlew.Unavailable, curlew.OriginLocal, curlew.NotSent), nothing},
		{e(curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent), failure},
		{e(curlew.DeadlineExceeded, curlew.OriginServer, curlew.Answered), failure},
		{e(curlew.DeadlineExceeded, curlew.OriginLocal, curlew.NotSent), nothing},
		{e(curlew.Internal, curlew.OriginTransport, curlew.MaybeSent), failure},
		{e(curlew.Internal, curlew.OriginServer, curlew.Answered), success},
		{e(curlew.Unknown, curlew.OriginServer, curlew.Answered), success},
		{e(curlew.ResourceExhausted, curlew.OriginServer, curlew.Refused), success},
		{e(curlew.ResourceExhausted, curlew.OriginLocal, curlew.NotSent), nothing},
		{e(curlew.Canceled, curlew.OriginServer, curlew.Answered), nothing},
		{e(curlew.NotFound, curlew.OriginServer, curlew.Answered), success},
		{e(curlew.Unimplemented, curlew.OriginTransport, curlew.Refused), nothing},
		{errors.New("plain"), success},
	} {
		if got := b.judge(test.err); got != test.want {
			t.Errorf("%+v: got %v, want %v", test.err, got, test.want)
		}
	}
	b.Codes = CodesOf(curlew.Internal)
	assert.Equal(t, b.judge(e(curlew.Internal, curlew.OriginServer, curlew.Answered)), failure)
	assert.Equal(t, b.judge(e(curlew.Unavailable, curlew.OriginServer, curlew.Answered)), success)
}

func TestForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{Consecutive: 1, Probes: 1})
		c.Force(Open)
		<-time.After(time.Hour)
		refuses(t, c)
		assert.True(t, c.Stats().Forced, "forced")
		c.Force(Closed)
		for range 100 {
			through(c, 0, unavailable())
		}
		assert.Equal(t, c.State(), Closed)
		c.Force(HalfOpen)
		assert.NoError(t, through(c, 0, nil))
		assert.Equal(t, c.State(), Closed)
		through(c, 0, unavailable())
		assert.Equal(t, c.State(), Open)
		c.Reset()
		assert.Equal(t, c.State(), Closed)
		assert.True(t, !c.Stats().Forced, "not forced")
	})
}

// TestLateResults has calls of before a change end after it.
func TestLateResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{Consecutive: 2, Probes: 2})
		var late sync.WaitGroup
		for range 10 {
			late.Go(func() { through(c, 20*time.Second, unavailable()) })
		}
		synctest.Wait()
		through(c, 0, unavailable())
		through(c, 0, unavailable())
		assert.Equal(t, c.State(), Open)
		<-time.After(10 * time.Second)
		for range 2 { // as many probes as may run
			late.Go(func() { assert.NoError(t, through(c, time.Second, nil)) })
		}
		synctest.Wait()
		refuses(t, c)
		<-time.After(2 * time.Second)
		assert.Equal(t, c.State(), Closed)
		late.Wait()
		assert.Equal(t, c.State(), Closed, "failures of calls that began before say nothing now")
		assert.Equal(t, c.Stats().Failures, 0)
	})
}

func TestAProbeThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{Consecutive: 1, Probes: 1})
		through(c, 0, unavailable())
		<-time.After(10 * time.Second)
		read, _, _ := methods()
		call, _ := clientCall(t.Context(), read)
		assert.Panics(t, func() {
			c.Interceptor()(func(context.Context, *curlew.Call) error { panic("a bug") })(t.Context(), call)
		})
		assert.NoError(t, through(c, 0, nil), "another probe")
		assert.Equal(t, c.State(), Closed)
	})
}

func TestAProbeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaks(Breaker{Consecutive: 1, Probes: 1})
		through(c, 0, unavailable())
		<-time.After(5 * time.Second)
		var hanging sync.WaitGroup
		hanging.Go(func() { through(c, time.Hour, unavailable()) })
		synctest.Wait()
		refuses(t, c)
		<-time.After(5 * time.Second)
		assert.NoError(t, through(c, 0, nil), "another probe")
		assert.Equal(t, c.State(), Closed)
		hanging.Wait()
		assert.Equal(t, c.State(), Closed, "the probe that hung says nothing now")
	})
}

func TestBadBreakers(t *testing.T) {
	for _, test := range []struct {
		b    Breaker
		text string
	}{
		{Breaker{Consecutive: -1}, "negative number"},
		{Breaker{Window: -1}, "negative time"},
		{Breaker{Window: 1}, "too short"},
		{Breaker{ErrorRate: 2}, "ErrorRate 2"},
		{Breaker{SlowRate: 0.5}, "no SlowAfter"},
		{Breaker{SlowRate: -0.5, SlowAfter: 1}, "SlowRate"},
		{Breaker{ErrorRate: -1}, "looks at nothing"},
		{Breaker{OpenFor: time.Hour, MaxOpenFor: time.Minute}, "below OpenFor"},
		{Breaker{Codes: CodesOf(curlew.Canceled)}, "Canceled"},
	} {
		if err := test.b.Check(); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got error %v, want one with %q", test.b, err, test.text)
		}
	}
	for _, b := range []Breaker{{}, {Off: true}, {Consecutive: 5, ErrorRate: -1}, {SlowAfter: 1}, {OpenFor: time.Hour}} {
		assert.NoError(t, b.Check())
	}
}

// TestManyCallers has callers, probes, Stats and Force run at the same time.
func TestCircuitOfManyCallers(t *testing.T) {
	c := Breaker{Consecutive: 3, OpenFor: time.Microsecond, MaxOpenFor: time.Microsecond}.New()
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for n := range 500 {
				var err error
				if (n+i)%3 > 0 {
					err = unavailable()
				}
				through(c, 0, err)
				if n%100 == 0 {
					c.Force(State(n / 100 % 3))
					c.Stats()
					c.Reset()
				}
			}
		})
	}
	callers.Wait()
}
