// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/curlewrpc/curlew/contrib/redis"
	"github.com/curlewrpc/curlew/internal/realservers"
)

func TestBurstAndWait(t *testing.T) {
	server := realservers.Redis(t)
	client := newClient(t, server.Addr())
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 0.1, Burst: 5})
	for _, key := range []string{"", "ada", strings.Repeat("long", 1000)} {
		if n := takesOf(t, b, key, 100); n != 5 {
			t.Errorf("key %.10q: %d tokens of a full bucket of 5", key, n)
		}
		wait, err := b.Take(t.Context(), key)
		if err != nil || wait < 8*time.Second || wait > 10*time.Second {
			t.Errorf("key %.10q: the next token in %v (%v), want one in 10 s", key, wait, err)
		}
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 3 {
		t.Errorf("keys %.300q (%v), want one for each bucket", keys, err)
	}
	for _, key := range keys {
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil || ttl < 45*time.Second || ttl > 50*time.Second || len(key) > 200 {
			t.Errorf("key %.300q lives for %v (%v), want 50 s, until the bucket is full", key, ttl, err)
		}
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	server := realservers.Redis(t)
	client := newClient(t, server.Addr())
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 1000, Burst: 10})
	for i := range 50 {
		takes(t, b, strconv.Itoa(i))
	}
	eventually(t, func() error {
		n, err := client.DBSize(t.Context()).Result()
		if err == nil && n > 0 {
			err = fmt.Errorf("%d keys are left", n)
		}
		return err
	})
}

const (
	rate   = 2000.0
	burst  = 1000
	period = 3 * time.Second
)

func shared() redis.Limit {
	return redis.Limit{Name: "shared", PerSecond: rate, Burst: burst, Batch: 10}
}

// TestProcessHelper is one process of TestTwoProcesses.
func TestProcessHelper(t *testing.T) {
	addr := os.Getenv("CURLEW_TEST_REDIS")
	if addr == "" {
		t.Skip("no test by itself, but a process of TestTwoProcesses")
	}
	b := newBuckets(t, newClient(t, addr), shared())
	begin := time.Now()
	got, last := takesUntil(t, b, begin.Add(period))
	fmt.Printf("took %d %d %d\n", got, begin.UnixNano(), last.UnixNano())
}

// TestTwoProcesses holds what two processes take together against the limit.
func TestTwoProcesses(t *testing.T) {
	server := realservers.Redis(t)
	var took [2]int
	var begins, ends [2]int64
	var processes sync.WaitGroup
	for i := range took {
		processes.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessHelper$", "-test.v")
			cmd.Env = append(os.Environ(), "CURLEW_TEST_REDIS="+server.Addr())
			out, err := cmd.CombinedOutput()
			_, rest, _ := strings.Cut(string(out), "took ")
			if _, scanErr := fmt.Sscan(rest, &took[i], &begins[i], &ends[i]); err != nil || scanErr != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	processes.Wait()
	spent := time.Duration(max(ends[0], ends[1]) - min(begins[0], begins[1]))
	check(t, took[0]+took[1], spent)
	if least := int(rate*period.Seconds()) / 5; min(took[0], took[1]) < least {
		t.Errorf("the processes took %d and %d: one was kept out", took[0], took[1])
	}
}

// check fails unless the limit lets through so many calls in a time, to 1 %.
func check(t *testing.T, took int, spent time.Duration) {
	t.Helper()
	want := rate*spent.Seconds() + burst
	off := float64(took)/want - 1
	t.Logf("took %d of %.0f tokens in %v: %+.2f %%", took, want, spent.Round(time.Millisecond), 100*off)
	if math.Abs(off) > 0.01 {
		t.Errorf("that is more than 1 %% off")
	}
}

func TestTwoClients(t *testing.T) {
	server := realservers.Redis(t)
	var mu sync.Mutex
	var took int
	var clients sync.WaitGroup
	begin := time.Now()
	end := begin
	for range 2 {
		b := newBuckets(t, newClient(t, server.Addr()), shared())
		for range 4 {
			clients.Go(func() {
				got, last := takesUntil(t, b, begin.Add(period))
				mu.Lock()
				defer mu.Unlock()
				took += got
				if last.After(end) {
					end = last
				}
			})
		}
	}
	clients.Wait()
	check(t, took, end.Sub(begin))
}

func TestBatches(t *testing.T) {
	server := realservers.Redis(t)
	client := newClient(t, server.Addr())
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 1e6, Burst: 100_000, Batch: 1000, Hold: time.Minute})
	const calls = 20_000
	if n := takesOf(t, b, "", calls); n != calls {
		t.Errorf("%d of %d calls had a token", n, calls)
	}
	if n := asked(t, client); n > 35 {
		t.Errorf("Redis was asked %d times for %d calls in batches of up to 1000", n, calls)
	}
}

func TestWhoIsRefusedDoesNotAsk(t *testing.T) {
	server := realservers.Redis(t)
	client := newClient(t, server.Addr())
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 0.01, Burst: 1})
	if n := takesOf(t, b, "", 10_000); n != 1 {
		t.Errorf("%d tokens, want 1", n)
	}
	if n := asked(t, client); n != 2 {
		t.Errorf("Redis was asked %d times, want once for the token and once for when there is another", n)
	}
}

func TestManyCallersOfManyKeys(t *testing.T) {
	server := realservers.Redis(t)
	b := newBuckets(t, newClient(t, server.Addr()), redis.Limit{Name: "x", PerSecond: 0.01, Burst: 50, Batch: 7, Keys: 10})
	var took [4]atomic.Int64
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := range 400 {
				if takes(t, b, strconv.Itoa(i%4)) {
					took[i%4].Add(1)
				}
			}
		})
	}
	callers.Wait()
	for i := range took {
		if n := took[i].Load(); n != 50 {
			t.Errorf("key %d: %d tokens of 50", i, n)
		}
	}
}

// TestLatency has a Redis that is far away: batches keep up with the rate.
func TestLatency(t *testing.T) {
	server := realservers.Redis(t)
	log := new(logged)
	b := newBuckets(t, newSlowClient(t, server.Addr(), 10*time.Millisecond),
		redis.Limit{Name: "x", PerSecond: 2000, Burst: 200, Batch: 100, Logger: log.logger()})
	begin := time.Now()
	got, last := takesUntil(t, b, begin.Add(time.Second))
	if want := 2000*last.Sub(begin).Seconds() + 200; float64(got) < 0.7*want || float64(got) > 1.01*want {
		t.Errorf("took %d over a slow line, want about %.0f", got, want)
	}
	log.mustHave(t, 0, "redis")
}

func TestCluster(t *testing.T) {
	server := realservers.Redis(t, "--cluster-enabled", "yes")
	if err := newClient(t, server.Addr()).ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	cluster := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{server.Addr()}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = cluster.Close() })
	eventually(t, func() error { return cluster.Set(t.Context(), "up", 1, 0).Err() })
	log := new(logged)
	b := newBuckets(t, cluster, redis.Limit{Name: "x", PerSecond: 0.01, Burst: 10, Logger: log.logger()})
	for i := range 20 {
		if n := takesOf(t, b, strconv.Itoa(i), 20); n != 10 {
			t.Errorf("key %d: %d tokens of 10", i, n)
		}
	}
	log.mustHave(t, 0, "redis")
}
