// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
)

func limitCases() []testCase {
	return []testCase{
		{name: "limits/what the server receives", kinds: kinds(), run: serverReceiveLimit},
		{name: "limits/what the client receives", kinds: kinds(), run: clientReceiveLimit},
		{name: "limits/what the client sends", kinds: kinds(), run: clientSendLimit},
		{name: "limits/exactly the limit", kinds: kinds(), run: exactLimit},
		{name: "limits/by default", kinds: kinds(), scope: bubble, run: defaultLimit},
		{name: "limits/in the middle of a stream", needs: Streams, run: limitInStream},
		{name: "limits/calls on a connection", needs: Multiplexed, scope: bubble, run: func(r *rig) {
			r.limits.server.MaxStreams = 10
			manyCalls(r, 10*maxConnections)
		}},
		{name: "limits/calls of a client", scope: bubble, run: func(r *rig) {
			r.limits.client.MaxStreams = 10
			manyCalls(r, 10*maxConnections)
		}},
		{name: "limits/bytes that wait at the server", scope: bubble, run: func(r *rig) {
			r.limits.server.MaxBuffered = 1 << 20
			manyCalls(r, 1<<20)
		}},
		{name: "limits/bytes that wait at the client", scope: bubble, run: func(r *rig) {
			r.limits.client.MaxBuffered = 1 << 20
			manyCalls(r, 1<<20)
		}},
	}
}

// tooLarge is what a message above the limit has to end with: an error that
// names the limit, from whoever has it.
func tooLarge(origin curlew.Origin, limit int, text ...string) failure {
	return failure{curlew.ResourceExhausted, origin, anyProgress, append(text, strconv.Itoa(limit))}
}

const smallLimit = 3_000

// serverReceiveLimit: a request above the server's limit is refused with an
// error that names it, and the next call is served.
func serverReceiveLimit(r *rig) {
	r.limits.server.MaxReceive = smallLimit
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		r.check(len(in) <= smallLimit, "a request of %d bytes came through a limit of %d", len(in), smallLimit)
		return strconv.Itoa(len(in)), nil
	}})
	for _, n := range []int{smallLimit + 1, smallLimit / 2, 10 * smallLimit, 1} {
		got, err := r.exchange(r.ctx, r.kind, numbered(0, n))
		if n > smallLimit {
			r.fails(fmt.Sprintf("a request of %d bytes", n), err, tooLarge(curlew.OriginServer, smallLimit))
			continue
		}
		r.must(err, fmt.Sprintf("a request of %d bytes", n))
		equal(r, "the size that arrived", got, strconv.Itoa(max(n, 2)))
	}
}

// clientReceiveLimit: a reply above the client's limit is this side's error,
// and the next call is answered.
func clientReceiveLimit(r *rig) {
	r.limits.client.MaxReceive = smallLimit
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		n, err := strconv.Atoi(in)
		return numbered(0, n), err
	}})
	for _, n := range []int{smallLimit + 1, smallLimit / 2, 10 * smallLimit, 2} {
		got, err := r.exchange(r.ctx, r.kind, strconv.Itoa(n))
		if n > smallLimit {
			r.fails(fmt.Sprintf("a reply of %d bytes", n), err, tooLarge(curlew.OriginLocal, smallLimit))
			continue
		}
		r.must(err, fmt.Sprintf("a reply of %d bytes", n))
		equal(r, "the size that arrived", len(got), n)
	}
}

// clientSendLimit: a request above the client's own limit never leaves.
func clientSendLimit(r *rig) {
	r.limits.client.MaxSend = smallLimit
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		r.check(len(in) <= smallLimit, "a request of %d bytes left through a limit of %d", len(in), smallLimit)
		return in, nil
	}})
	_, err := r.exchange(r.ctx, r.kind, numbered(0, 2*smallLimit))
	r.fails("a request above the limit", err, tooLarge(curlew.OriginLocal, smallLimit))
	if r.kind == curlew.KindUnary {
		equal(r, "its progress", curlew.ErrorOf(err).Progress(), curlew.NotSent)
	}
	got, err := r.exchange(r.ctx, r.kind, "small")
	r.must(err, "a call after it")
	equal(r, "its reply", got, "small")
}

// exactLimit: the limit counts the encoded message, and means "at most".
func exactLimit(r *rig) {
	if r.codec == nil {
		return // the encoded size is not known
	}
	text := numbered(0, smallLimit)
	encoded, err := r.codec.Append(nil, r.messages.write(text))
	r.must(err, "encode a message")
	size := len(encoded)
	r.limits.server.MaxReceive = size
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return "", nil }})
	_, err = r.exchange(r.ctx, r.kind, text)
	r.must(err, "a request of exactly the limit")
	encoded, err = r.codec.Append(nil, r.messages.write(text+"yyy"))
	r.must(err, "encode a message")
	_, err = r.exchange(r.ctx, r.kind, text+"yyy")
	r.fails("a request just above the limit", err, tooLarge(curlew.OriginServer, size, strconv.Itoa(len(encoded))))
}

// defaultLimit: a message just below 4 MiB arrives without any option, one just
// above does not.
func defaultLimit(r *rig) {
	const limit = 4 << 20
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return strconv.Itoa(len(in)), nil }})
	below := limit - 1000
	if !r.has(Binary) {
		below = limit/4*3 - 1000
	}
	got, err := r.exchange(r.ctx, r.kind, numbered(0, below))
	r.must(err, "a request just below the default limit")
	equal(r, "the size that arrived", got, strconv.Itoa(below))
	_, err = r.exchange(r.ctx, r.kind, numbered(0, limit))
	r.fails("a request just above the default limit", err, tooLarge(curlew.OriginServer, limit))
}

// limitInStream: the messages before one that is too large are received.
func limitInStream(r *rig) {
	r.limits.client.MaxReceive = smallLimit
	r.serve(handlers{download: func(ctx context.Context, _ string, out *stream) error {
		for i := range 3 {
			if err := out.send(ctx, numbered(i, 100)); err != nil {
				return err
			}
		}
		return out.send(ctx, numbered(3, 2*smallLimit))
	}})
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer s.Close()
	r.must(receiveNumbered(r.ctx, s, 3, 100), "the messages below the limit")
	_, err = s.receive(r.ctx)
	r.fails("the message above the limit", err, tooLarge(curlew.OriginLocal, smallLimit))
	_, err = s.receive(r.ctx)
	r.check(err != nil, "the stream goes on after a message above the limit")
}

// manyCalls: calls above what a connection takes wait their turn or take
// another connection; none fails, and at most so many run at once.
func manyCalls(r *rig, most int64) {
	const n = 100
	release := make(chan struct{})
	var running, peak atomic.Int64
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
		}
		<-release
		return in, nil
	}})
	var calls []<-chan outcome
	for i := range n {
		calls = append(calls, r.later(func() (string, error) { return r.call(r.ctx, strings.Repeat("x", i)) }))
	}
	r.settle()
	r.check(running.Load() > 0, "no call of %d runs", n)
	close(release)
	for i, call := range calls {
		out := await(r, call, "a call that waited its turn")
		r.must(out.err, fmt.Sprintf("call %d of %d", i, n))
		equal(r, "its reply", len(out.text), i)
	}
	r.check(peak.Load() <= most, "%d calls ran at once, want at most %d", peak.Load(), most)
}

// maxConnections is how many connections a client opens to a server at most.
const maxConnections = 4
