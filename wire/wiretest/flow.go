// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
)

func flowCases() []testCase {
	return []testCase{
		{name: "flow/large messages", kinds: kinds(), run: func(r *rig) { largeMessages(r, r.large()) }},
		{name: "flow/huge messages", kinds: kinds(), scope: bubble, run: func(r *rig) { largeMessages(r, huge) }},
		{name: "flow/large messages both ways at once", needs: Streams | FullDuplex, run: func(r *rig) { bothWays(r, r.large()) }},
		{name: "flow/huge messages both ways at once", needs: Streams | FullDuplex, scope: bubble, run: func(r *rig) { bothWays(r, huge) }},
		{name: "flow/client that reads slowly", needs: Streams, scope: bubble, run: slowClient},
		{name: "flow/handler that reads slowly", needs: Streams, scope: bubble, run: slowHandler},
		{name: "flow/many streams that nobody reads", needs: Streams | Multiplexed, scope: bubble, run: manyStuck},
		{name: "flow/memory of streams that nobody reads", needs: Streams, scope: alone, run: stuckMemory},
		{name: "flow/small calls beside a huge one", scope: bubble, run: smallBesideHuge},
	}
}

// piece is the message of the cases with many large messages.
const piece = 16 << 10

// huge is the size of a huge message: several MiB, and below the default limit
// also in base64.
const huge = 2_900_000

// large is the size of a message above the window with which a stream begins,
// where the network can carry it in reasonable time.
func (r *rig) large() int {
	if r.network.faults.Chop > 0 {
		return 5000
	}
	return 200_000
}

// maxUnread bounds what a sender may be ahead of a reader who does not read:
// the largest window and the buffers on the way.
const maxUnread = 5 << 20

// numbered returns a message of n bytes that tells its number.
func numbered(i, n int) string {
	text := fmt.Sprint(i, " ")
	return text + strings.Repeat("x", max(0, n-len(text)))
}

// largeMessages: messages above every window arrive whole, each way.
func largeMessages(r *rig, size int) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for _, n := range []int{size, 1, size} {
		want := numbered(n, n)
		got, err := r.exchange(r.ctx, r.kind, want)
		r.must(err, fmt.Sprintf("a message of %d bytes", n))
		equal(r, "the echo", got, want)
	}
}

// bothWays: two sides that send large messages at the same time, and each
// read at the same time, do not block one another.
func bothWays(r *rig, size int) {
	const n = 4
	r.serve(handlers{chat: func(ctx context.Context, both *stream) error {
		sent := r.later(func() (string, error) {
			for i := range n {
				if err := both.send(ctx, numbered(i, size)); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		if err := receiveNumbered(ctx, both, n, size); err != nil {
			return err
		}
		return (<-sent).err
	}})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	sent := r.later(func() (string, error) {
		for i := range n {
			if err := s.send(r.ctx, numbered(i, size)); err != nil {
				return "", err
			}
		}
		return "", s.CloseSend()
	})
	r.must(receiveNumbered(r.ctx, s, n, size), "receive large messages while sending")
	r.must(await(r, sent, "the Sends").err, "send large messages while receiving")
	_, err = s.receive(r.ctx)
	equal(r, "the end of the chat", err, io.EOF)
}

// receiveNumbered receives n numbered messages in order.
func receiveNumbered(ctx context.Context, s *stream, n, size int) error {
	for i := range n {
		got, err := s.receive(ctx)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if got != numbered(i, size) {
			return fmt.Errorf("message %d is %s", i, show(got))
		}
	}
	return nil
}

// pour returns a download handler that sends n numbered pieces and counts them.
func pour(n int, sent *atomic.Int64) func(context.Context, string, *stream) error {
	return func(ctx context.Context, _ string, out *stream) error {
		for i := range n {
			if err := out.send(ctx, numbered(i, piece)); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	}
}

// slowClient: a client that does not read stops the server's Send after a
// bounded number of bytes; other calls go on; nothing is lost.
func slowClient(r *rig) {
	const n = 400
	var sent atomic.Int64
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) { return in, nil }, download: pour(n, &sent)})
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer s.Close()
	r.settle()
	r.check(sent.Load()*piece <= maxUnread, "the server sent %d bytes to a client that reads nothing", sent.Load()*piece)
	for range 10 {
		got, err := r.call(r.ctx, "beside")
		r.must(err, "a call beside the stream that nobody reads")
		equal(r, "its reply", got, "beside")
	}
	r.must(receiveNumbered(r.ctx, s, n, piece), "read the download at last")
	_, err = s.receive(r.ctx)
	equal(r, "the end of the download", err, io.EOF)
	equal(r, "the number of messages sent", sent.Load(), n)
}

// slowHandler: a handler that does not read stops the client's Send after a
// bounded number of bytes; other calls go on; nothing is lost.
func slowHandler(r *rig) {
	const n = 400
	read := make(chan struct{})
	r.serve(handlers{
		unary: func(_ context.Context, in string) (string, error) { return in, nil },
		upload: func(ctx context.Context, in *stream) (string, error) {
			<-read
			if err := receiveNumbered(ctx, in, n, piece); err != nil {
				return "", err
			}
			_, err := in.receive(ctx)
			return fmt.Sprint(err), nil
		},
	})
	s, err := r.open(r.ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer s.Close()
	var sent atomic.Int64
	sending := r.later(func() (string, error) {
		for i := range n {
			if err := s.send(r.ctx, numbered(i, piece)); err != nil {
				return "", err
			}
			sent.Add(1)
		}
		return "", s.CloseSend()
	})
	r.settle()
	r.check(sent.Load()*piece <= maxUnread, "the client sent %d bytes to a handler that reads nothing", sent.Load()*piece)
	for range 10 {
		got, err := r.call(r.ctx, "beside")
		r.must(err, "a call beside the stream that nobody reads")
		equal(r, "its reply", got, "beside")
	}
	close(read)
	r.must(await(r, sending, "the Sends").err, "send what is read at last")
	got, err := s.only(r.ctx)
	r.must(err, "the reply")
	equal(r, "what the handler got at the end", got, io.EOF.Error())
}

// manyStuck: two hundred streams that nobody reads, at either end, do not stop
// a call on the same connection.
func manyStuck(r *rig) {
	const n = 100
	var sent atomic.Int64
	release := make(chan struct{})
	r.serve(handlers{
		unary:    func(_ context.Context, in string) (string, error) { return in, nil },
		download: pour(1<<20, &sent),
		upload: func(context.Context, *stream) (string, error) {
			<-release
			return "", nil
		},
	})
	defer close(release)
	for range n {
		down, err := r.download(r.ctx, "")
		r.must(err, "open a download")
		defer down.Close()
		up, err := r.open(r.ctx, curlew.KindClientStream)
		r.must(err, "open an upload")
		defer up.Close()
		r.later(func() (string, error) {
			for {
				if err := up.send(r.ctx, numbered(0, piece)); err != nil {
					return "", err
				}
			}
		})
	}
	r.settle()
	for _, size := range []int{1, 1000, huge} {
		want := numbered(0, size)
		got, err := r.call(r.ctx, want)
		r.must(err, fmt.Sprintf("a call of %d bytes beside 200 streams that nobody reads", size))
		equal(r, "its reply", got, want)
	}
}

// stuckMemory: streams that nobody reads hold memory within the limits. They
// bound a connection's received bytes by 64 MiB; here by 4.
func stuckMemory(r *rig) {
	var sent atomic.Int64
	r.limits.server.MaxBuffered, r.limits.client.MaxBuffered = 4<<20, 4<<20
	r.serve(handlers{download: pour(1<<20, &sent)})
	const n = 20
	grown := r.heapGrowth(func() {
		for range n {
			s, err := r.download(r.ctx, "")
			r.must(err, "open a download")
			r.atEnd(func() { s.Close() })
		}
		r.settle()
	})
	r.check(grown < 32<<20, "%d streams that nobody reads hold %d MiB with limits of 4 MiB", n, grown>>20)
	r.check(sent.Load() > 0, "nothing was sent at all")
}

// smallBesideHuge: while one call moves megabytes, small ones go on.
func smallBesideHuge(r *rig) {
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) { return in, nil }})
	calls := make([]<-chan outcome, 3)
	for i := range calls {
		calls[i] = r.later(func() (string, error) { return r.call(r.ctx, numbered(i, huge)) })
	}
	for i := range 100 {
		got, err := r.call(r.ctx, fmt.Sprint(i))
		r.must(err, "a small call")
		equal(r, "its reply", got, fmt.Sprint(i))
	}
	for i, call := range calls {
		out := await(r, call, "a huge call")
		r.must(out.err, "a huge call")
		equal(r, "its reply", out.text, numbered(i, huge))
	}
}
