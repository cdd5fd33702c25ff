// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/resilience"
)

func ExampleBackoff() {
	b := resilience.Backoff{Base: 100 * time.Millisecond, Max: time.Second}
	chance := 0.5 // rand.Float64()
	for failures := 1; failures <= 8; failures++ {
		fmt.Print(b.Delay(failures, chance), " ")
	}
	// Output: 10ms 10ms 50ms 100ms 200ms 400ms 500ms 500ms
}

var look = curlew.NewMethod("Shop/Look", curlew.KindUnary, curlew.NoSideEffects)

// call runs handler as a client does and prints what came of it.
func call(handler curlew.Handler) {
	var c curlew.Call
	var reply string
	c.BeginClient(context.Background(), look, new(curlew.CallOptions), "request", &reply)
	err := handler(context.Background(), &c)
	c.End(err)
	fmt.Println(reply, err)
}

func down(context.Context, *curlew.Call) error {
	return curlew.NewError(curlew.Unavailable, "down").WithOrigin(curlew.OriginTransport)
}

func ExampleRetry() {
	attempts := 0
	flaky := func(ctx context.Context, c *curlew.Call) error {
		if attempts++; attempts < 3 {
			return down(ctx, c)
		}
		reply := fmt.Sprint("attempt ", attempts)
		return c.SetReply(&reply)
	}
	budget := resilience.NewBudget(resilience.BudgetConfig{})
	retry := resilience.Retry{Backoff: resilience.Backoff{FastDelay: time.Millisecond}}
	call(retry.Interceptor(budget)(flaky))
	// Output: attempt 3 <nil>
}

func ExampleHedge() {
	attempts := make(chan int, 2)
	attempts <- 1
	attempts <- 2
	slowFirst := func(ctx context.Context, c *curlew.Call) error {
		n := <-attempts
		if n == 1 {
			<-ctx.Done() // until the second has answered
			return curlew.ErrorOf(ctx.Err())
		}
		reply := fmt.Sprint("attempt ", n)
		return c.SetReply(&reply)
	}
	call(resilience.Hedge{Delay: time.Millisecond}.Interceptor(nil)(slowFirst))
	// Output: attempt 2 <nil>
}

func ExampleBudget() {
	b := resilience.NewBudget(resilience.BudgetConfig{Ratio: 0.1, MinPerSecond: -1})
	for range 1000 {
		b.Deposit()
	}
	retries := 0
	for b.Withdraw(time.Now()) {
		retries++
	}
	fmt.Println(retries)
	// Output: 100
}

func ExampleBreaker() {
	circuit := resilience.Breaker{Consecutive: 2}.New()
	handler := circuit.Interceptor()(down)
	for range 2 {
		call(handler)
		fmt.Println(circuit.State())
	}
	circuit.Reset()
	fmt.Println(circuit.State())
	// Output:
	// unavailable: down
	// closed
	//  unavailable: down
	// open
	// closed
}

func ExampleConcurrency() {
	limiter := resilience.Concurrency{Limit: 1}.New()
	var handler curlew.Handler
	handler = limiter.Interceptor()(func(context.Context, *curlew.Call) error {
		call(handler) // while this one runs
		return nil
	})
	call(handler)
	// Output:
	//  resource_exhausted: Shop/Look: 1 calls run, no more may at once
	//  <nil>
}

// A server that sheds load puts the limiter outermost:
// server.WithInterceptors(limiter.Interceptor()).
func ExampleShed() {
	limiter := resilience.Shed{Concurrency: resilience.Concurrency{Limit: 8}}.New()
	fmt.Printf("%+v", limiter.Stats())
	// Output: {Limit:8 Running:0 Waiting:0 Refused:0 Duration:0s Overloaded:false}
}

func ExampleRate() {
	bucket := resilience.Rate{PerSecond: 10, Burst: 2}.New()
	now := time.Now()
	for range 3 {
		fmt.Println(bucket.Take(now, 1))
	}
	// Output:
	// 0s
	// 0s
	// 100ms
}

func ExampleThrottle() {
	buckets := resilience.Rate{PerSecond: 1}.PerKey(1000)
	caller := func(c *curlew.Call) string { return c.Header().Get("caller") }
	handler := resilience.Throttle(buckets, caller)(func(context.Context, *curlew.Call) error { return nil })
	for _, name := range []string{"ann", "bob", "ann"} {
		var c curlew.Call
		c.BeginClient(context.Background(), look, curlew.NewCallOptions(curlew.WithHeader("caller", name)), "request", new(string))
		fmt.Println(name, curlew.CodeOf(handler(context.Background(), &c)))
	}
	// Output:
	// ann ok
	// bob ok
	// ann resource_exhausted
}

func ExampleCache() {
	asked := 0
	cache := resilience.Cache{TTL: time.Minute}.New(nil)
	handler := cache.Interceptor()(func(_ context.Context, c *curlew.Call) error {
		asked++
		reply := fmt.Sprint("answer ", asked)
		return c.SetReply(&reply)
	})
	call(handler)
	call(handler)
	// Output:
	// answer 1 <nil>
	// answer 1 <nil>
}

func ExampleFallback() {
	call(resilience.Fallback(func(_ context.Context, c *curlew.Call, _ error) error {
		usual := "what most people like"
		return c.SetReply(&usual)
	})(down))
	// Output: what most people like <nil>
}

func ExampleMapErrors() {
	handler := resilience.MapErrors(
		resilience.ErrorRule{Is: fs.ErrNotExist, Code: curlew.NotFound, Message: "there is no such page"},
	)(func(context.Context, *curlew.Call) error { return fmt.Errorf("open /srv/pages/7: %w", fs.ErrNotExist) })
	err := handler(context.Background(), nil)
	fmt.Println(err, errors.Is(err, fs.ErrNotExist))
	// Output: not_found: there is no such page true
}

func ExampleWithPriority() {
	o := curlew.NewCallOptions(resilience.WithPriority(resilience.Background))
	fmt.Println(resilience.PriorityOf(&o.Header))
	// Output: background
}
