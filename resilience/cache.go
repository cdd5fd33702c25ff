// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// Cache keeps replies of unary methods without side effects
// ([curlew.NoSideEffects]) and answers with them for a while. Other calls pass.
// Replies are kept as protobuf, so that nobody shares memory with the cache;
// metadata is not kept.
//
// A call whose answer has expired is made; if it fails with one of the Codes,
// the old answer serves for StaleFor (stale-if-error, RFC 5861).
type Cache struct {
	// TTL is how long an answer is fresh: 1 s.
	TTL time.Duration
	// StaleFor is how long it may still serve after that when calls fail: 0, not
	// at all.
	StaleFor time.Duration
	// MaxBytes bounds the memory of the answers and their keys: 16 MiB. Those that
	// were not used for longest go first. An answer of more than an eighth of it is
	// not kept.
	MaxBytes int
	// Codes are the failures for which an old answer serves: Unavailable,
	// DeadlineExceeded and ResourceExhausted.
	Codes Codes
}

// Check returns what is wrong with c, or nil.
func (c Cache) Check() error {
	switch {
	case c.TTL < 0 || c.StaleFor < 0:
		return fmt.Errorf("resilience: cache with a negative time (TTL %v, StaleFor %v)", c.TTL, c.StaleFor)
	case c.MaxBytes < 0:
		return fmt.Errorf("resilience: cache with MaxBytes %d; it must not be negative", c.MaxBytes)
	case c.Codes != 0 && c.StaleFor == 0:
		return fmt.Errorf("resilience: cache with Codes for old answers, but no StaleFor")
	}
	return nil
}

func (c Cache) withDefaults() Cache {
	if c.TTL == 0 {
		c.TTL = time.Second
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 16 << 20
	}
	c.Codes = c.Codes.or(CodesOf(curlew.Unavailable, curlew.DeadlineExceeded, curlew.ResourceExhausted))
	return c
}

// CacheKey tells apart the calls of one method: calls of the same key get the
// same answer. Not ok means that the call is not cached.
type CacheKey func(call *curlew.Call, request []byte) (key string, ok bool)

// Answers is the state of a [Cache]. It is safe for concurrent use.
type Answers struct {
	config   Cache
	key      CacheKey
	start    time.Time
	compiler schema.Compiler

	hits, stale, misses atomic.Int64

	mu    sync.Mutex // held for a look into the map
	byKey map[answerKey]*list.Element
	used  list.List // of *answer, the last used in front
	bytes int
}

type answerKey struct{ method, key string }

type answer struct {
	answerKey
	typ   reflect.Type // of the message
	reply []byte       // not changed
	until time.Duration
}

// answerOverhead is about what an answer costs beside its bytes.
const answerOverhead = 256

// New returns an empty cache. A nil key tells calls apart by the bytes of their
// request; calls on a server, and those that carry an authorization or a cookie,
// are not cached then, since their answers may depend on who asks. c must pass
// its Check.
func (c Cache) New(key CacheKey) *Answers {
	if key == nil {
		key = byRequest
	}
	return &Answers{config: c.withDefaults(), key: key, start: time.Now(), byKey: make(map[answerKey]*list.Element)}
}

func byRequest(call *curlew.Call, request []byte) (string, bool) {
	_, authorized := call.Header().Lookup("authorization")
	_, cookie := call.Header().Lookup("cookie")
	return string(request), !served(call) && !authorized && !cookie
}

// Interceptor returns the cache as an interceptor, of a client in the call
// position or of a server.
func (a *Answers) Interceptor() curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			m := call.Method()
			if m.Kind() != curlew.KindUnary || m.Idempotency() != curlew.NoSideEffects || call.Options().OneWay {
				return next(ctx, call)
			}
			key, ok := a.keyOf(call)
			if !ok {
				return next(ctx, call)
			}
			return a.serve(ctx, call, next, key)
		}
	}
}

func (a *Answers) serve(ctx context.Context, call *curlew.Call, next curlew.Handler, key answerKey) error {
	known, age := a.find(key)
	if known != nil && age <= 0 && a.reply(call, known) {
		a.hits.Add(1)
		return nil
	}
	err := next(ctx, call)
	switch {
	case err == nil:
		a.misses.Add(1)
		a.keep(call, key)
	case known != nil && age <= a.config.StaleFor && a.config.Codes.Has(curlew.CodeOf(err)) && ctx.Err() != context.Canceled && a.reply(call, known):
		a.stale.Add(1)
		return nil
	}
	return err
}

// keyOf returns what tells the call apart.
func (a *Answers) keyOf(call *curlew.Call) (answerKey, bool) {
	request, err := call.Request()
	if err != nil {
		return answerKey{}, false
	}
	b, err := a.encode(request)
	if err != nil {
		return answerKey{}, false
	}
	key, ok := a.key(call, b)
	return answerKey{call.Method().FullName(), key}, ok
}

// encode returns a message as protobuf. Maps of plain Go types come in any
// order, which makes two keys of one request, but never one of two.
func (a *Answers) encode(m any) ([]byte, error) {
	if message, ok := schema.Message(m); ok {
		return proto.MarshalOptions{Deterministic: true}.Marshal(message)
	}
	t, err := a.compiler.Compile(reflect.TypeOf(m))
	if err != nil {
		return nil, err
	}
	return t.Append(nil, m)
}

// find returns the answer for key, if there is one that may serve, and for how
// long it has not been fresh.
func (a *Answers) find(key answerKey) (*answer, time.Duration) {
	now := time.Since(a.start)
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.byKey[key]
	if e == nil {
		return nil, 0
	}
	known := e.Value.(*answer)
	age := now - known.until
	if age > a.config.StaleFor && age > 0 {
		a.remove(e)
		return nil, 0
	}
	a.used.MoveToFront(e)
	return known, age
}

// reply answers the call and reports whether it could.
func (a *Answers) reply(call *curlew.Call, known *answer) bool {
	t, err := a.compiler.Compile(known.typ)
	if err != nil {
		return false
	}
	m := reflect.New(t.GoType()).Interface()
	return t.Decode(known.reply, m) == nil && call.SetReply(m) == nil
}

// keep remembers the call's reply.
func (a *Answers) keep(call *curlew.Call, key answerKey) {
	reply, err := call.Reply()
	if err != nil || reply == nil || reflect.TypeOf(reply).Kind() != reflect.Pointer {
		return
	}
	b, err := a.encode(reply)
	if err != nil {
		return
	}
	fresh := &answer{answerKey: key, typ: reflect.TypeOf(reply).Elem(), reply: b, until: time.Since(a.start) + a.config.TTL}
	if fresh.size() > a.config.MaxBytes/8 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.byKey[key]; e != nil {
		a.remove(e)
	}
	a.byKey[key] = a.used.PushFront(fresh)
	a.bytes += fresh.size()
	for a.bytes > a.config.MaxBytes {
		a.remove(a.used.Back())
	}
}

func (a *answer) size() int { return len(a.key) + len(a.reply) + answerOverhead }

// remove forgets an answer; mu is held.
func (a *Answers) remove(e *list.Element) {
	old := a.used.Remove(e).(*answer)
	delete(a.byKey, old.answerKey)
	a.bytes -= old.size()
}

// CacheStats is a cache at one moment.
type CacheStats struct {
	// Answers that are kept, and their Bytes.
	Answers, Bytes int
	// Hits are the calls that were answered, Stale those of them by an old answer
	// after a failure, and Misses those that were made.
	Hits, Stale, Misses int64
}

// Stats returns the cache as it is now.
func (a *Answers) Stats() CacheStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	stale := a.stale.Load()
	return CacheStats{Answers: len(a.byKey), Bytes: a.bytes, Hits: a.hits.Load() + stale, Stale: stale, Misses: a.misses.Load()}
}
