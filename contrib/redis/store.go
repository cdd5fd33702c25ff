// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/curlewrpc/curlew/resilience"
)

// take is the generic cell rate algorithm (ITU-T I.371, annex A), a token
// bucket in one number: the time, in microseconds of the server's clock, at
// which the bucket would be full again. An absent key is a full bucket, so a key
// lives only as long as its bucket is not full.
//
//	KEYS[1]  the bucket
//	ARGV[1]  microseconds a token
//	ARGV[2]  how many tokens the bucket holds
//	ARGV[3]  how many are wanted
//	reply    how many are given, and if none, microseconds until there is one
//
// A time further ahead than an empty bucket's is of a clock that has gone back,
// or of a limit that was another one: it counts as an empty bucket.
const take = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.max(now, math.min(full, now + each * burst))
local given = math.min(want, math.floor(burst - (full - now) / each + 0.000001))
if given < 1 then
  return {0, math.ceil(full + each - each * burst - now)}
end
full = full + given * each
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil((full - now) / 1000))
return {given, 0}
`

// retry says how long Redis is left alone after it has failed.
func retry() resilience.Backoff {
	return resilience.Backoff{Fast: -1, Base: 100 * time.Millisecond, Max: 5 * time.Second}
}

// store asks Redis, and remembers whether it answers. It is safe for concurrent
// use.
type store struct {
	client  goredis.Scripter
	script  *goredis.Script
	name    string
	timeout time.Duration
	log     *slog.Logger

	mu       sync.Mutex // guards the rest
	failures int        // in a row
	next     time.Time  // when Redis is asked again, if it has failed
}

// ask takes at most want tokens from the bucket at key. It returns how many
// were given, and if none, how long until there is one.
func (s *store) ask(ctx context.Context, key string, each time.Duration, burst, want int) (given int, wait time.Duration, err error) {
	reply, err := s.script.Run(ctx, s.client, []string{key}, float64(each)/1e3, burst, want).Int64Slice()
	if err != nil {
		return 0, 0, err
	}
	if len(reply) != 2 || reply[0] < 0 || reply[0] > int64(want) || reply[1] < 0 {
		return 0, 0, fmt.Errorf("a bucket's answer is two numbers, and not %v", reply)
	}
	return int(reply[0]), time.Duration(reply[1]) * time.Microsecond, nil
}

// ready reports whether Redis is to be asked at now. While it does not answer,
// one caller at a time finds out whether it does again.
func (s *store) ready(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures == 0 {
		return true
	}
	if now.Before(s.next) {
		return false
	}
	s.next = now.Add(s.timeout)
	return true
}

// away reports whether Redis did not answer the last time.
func (s *store) away() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures > 0
}

// failed notes that Redis has not answered.
func (s *store) failed(now time.Time, err error) {
	s.mu.Lock()
	s.failures++
	first := s.failures == 1
	s.next = now.Add(retry().Delay(s.failures, (1+rand.Float64())/2))
	s.mu.Unlock()
	if first {
		s.log.Warn("redis: a shared limit is kept by this process alone until Redis answers", "limit", s.name, "err", err)
	}
}

// answered notes that Redis has.
func (s *store) answered() {
	s.mu.Lock()
	again := s.failures > 0
	s.failures = 0
	s.mu.Unlock()
	if again {
		s.log.Info("redis: a shared limit is shared again", "limit", s.name)
	}
}
