// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/curlewrpc/curlew"
)

func resultCases() []testCase {
	return []testCase{
		{name: "results/echo", kinds: kinds(), run: echo},
		{name: "results/at once", kinds: kinds(), run: echoAtOnce},
		{name: "results/asynchronous", run: asynchronous},
		{name: "results/no messages", needs: Streams, run: noMessages},
		{name: "results/many messages in order", needs: Streams, run: manyMessages},
		{name: "results/conversation", needs: Streams | FullDuplex, run: conversation},
		{name: "results/server speaks first", needs: Streams | FullDuplex, run: serverSpeaksFirst},
		{name: "results/half-close", needs: Streams | FullDuplex, run: halfClose},
		{name: "results/reply before the requests end", needs: Streams | FullDuplex, run: replyEarly},
		{name: "results/peer", kinds: kinds(), run: peers},
		{name: "results/names", run: names},
	}
}

// echo: what is sent comes back, empty or not, whatever the kind.
func echo(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for _, text := range []string{"hello", "", "\x00\xff\r\n", strings.Repeat("ten bytes ", 1000), "again"} {
		got, err := r.exchange(r.ctx, r.kind, text)
		r.must(err, "echo of "+show(text))
		equal(r, "the echo", got, text)
	}
}

// echoAtOnce: a hundred calls at the same time do not mix.
func echoAtOnce(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	var calls []<-chan outcome
	for i := range 100 {
		text := strings.Repeat(fmt.Sprint(i, " "), i)
		calls = append(calls, r.later(func() (string, error) {
			got, err := r.exchange(r.ctx, r.kind, text)
			if err == nil && got != text {
				err = fmt.Errorf("got %s, want %s", show(got), show(text))
			}
			return got, err
		}))
	}
	for i, call := range calls {
		out := await(r, call, "one of a hundred calls")
		r.must(out.err, fmt.Sprint("call ", i))
	}
}

// asynchronous: calls begun by Go are answered on a Done channel, their own or
// one for all.
func asynchronous(r *rig) {
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) { return in, nil }})
	const n = 100
	pending := make(map[any]string)
	begin, done := r.goCalls(n)
	for i := range n {
		pending[begin(fmt.Sprint(i))] = fmt.Sprint(i)
	}
	for range n {
		reply, err := done()
		r.must(err, "an asynchronous call")
		want, ok := pending[reply]
		delete(pending, reply)
		r.check(ok, "a call was answered twice")
		equal(r, "its reply", r.messages.read(reply), want)
	}
}

// noMessages: a stream without messages is a stream all the same.
func noMessages(r *rig) {
	r.serve(handlers{
		upload: func(ctx context.Context, in *stream) (string, error) {
			_, err := in.receive(ctx)
			return fmt.Sprint(err == io.EOF), nil
		},
		download: func(context.Context, string, *stream) error { return nil },
		chat:     func(context.Context, *stream) error { return nil },
	})
	up, err := r.open(r.ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer up.Close()
	r.must(up.CloseSend(), "end an upload of nothing")
	got, err := up.only(r.ctx)
	r.must(err, "the reply to an upload of nothing")
	equal(r, "the handler got io.EOF", got, "true")

	down, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer down.Close()
	_, err = down.receive(r.ctx)
	equal(r, "the end of a download of nothing", err, io.EOF)
	_, err = down.receive(r.ctx)
	equal(r, "receiving after the end", err, io.EOF)
	if !r.has(FullDuplex) {
		return
	}
	both, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer both.Close()
	_, err = both.receive(r.ctx)
	equal(r, "the end of a silent chat", err, io.EOF)
}

// manyMessages: a thousand messages each way arrive complete and in order.
func manyMessages(r *rig) {
	const n = 1000
	r.serve(handlers{
		upload: func(ctx context.Context, in *stream) (string, error) {
			for i := 0; ; i++ {
				text, err := in.receive(ctx)
				if err == io.EOF {
					return fmt.Sprint(i), nil
				}
				if err != nil {
					return "", err
				}
				if text != fmt.Sprint(i) {
					return "", fmt.Errorf("message %d is %q", i, text)
				}
			}
		},
		download: func(ctx context.Context, _ string, out *stream) error {
			for i := range n {
				if err := out.send(ctx, fmt.Sprint(i)); err != nil {
					return err
				}
			}
			return nil
		},
	})
	up, err := r.open(r.ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer up.Close()
	for i := range n {
		r.must(up.send(r.ctx, fmt.Sprint(i)), "send a request")
	}
	r.must(up.CloseSend(), "end the requests")
	got, err := up.only(r.ctx)
	r.must(err, "the reply to the upload")
	equal(r, "the number of requests", got, fmt.Sprint(n))

	down, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer down.Close()
	for i := range n {
		got, err := down.receive(r.ctx)
		r.must(err, fmt.Sprint("receive reply ", i))
		equal(r, "the reply", got, fmt.Sprint(i))
	}
	_, err = down.receive(r.ctx)
	equal(r, "the end of the download", err, io.EOF)
}

// echoChat answers each request at once.
func echoChat(ctx context.Context, both *stream) error {
	for {
		text, err := both.receive(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := both.send(ctx, text); err != nil {
			return err
		}
	}
}

// conversation: each side's next message depends on the other's last.
func conversation(r *rig) {
	r.serve(handlers{chat: echoChat})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	for i := range 100 {
		text := strings.Repeat("x", i)
		r.must(s.send(r.ctx, text), "send a request")
		got, err := s.receive(r.ctx)
		r.must(err, "receive a reply")
		equal(r, "the reply", got, text)
	}
	r.must(s.CloseSend(), "end the requests")
	_, err = s.receive(r.ctx)
	equal(r, "the end of the chat", err, io.EOF)
}

// serverSpeaksFirst: a reply needs no request before it.
func serverSpeaksFirst(r *rig) {
	r.serve(handlers{chat: func(ctx context.Context, both *stream) error {
		if err := both.send(ctx, "who is there?"); err != nil {
			return err
		}
		text, err := both.receive(ctx)
		if err != nil {
			return err
		}
		return both.send(ctx, "hello, "+text)
	}})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	got, err := s.receive(r.ctx)
	r.must(err, "the first message")
	equal(r, "the first message", got, "who is there?")
	r.must(s.send(r.ctx, "Ada"), "answer")
	got, err = s.only(r.ctx)
	r.must(err, "the second message")
	equal(r, "the second message", got, "hello, Ada")
}

// halfClose: the replies go on after the client has ended its requests.
func halfClose(r *rig) {
	r.serve(handlers{chat: func(ctx context.Context, both *stream) error {
		if text, err := both.receive(ctx); err != io.EOF {
			return fmt.Errorf("got %q, %v, want io.EOF", text, err)
		}
		for i := range 3 {
			if err := both.send(ctx, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	}})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	r.must(s.CloseSend(), "end the requests")
	for i := range 3 {
		got, err := s.receive(r.ctx)
		r.must(err, "a reply after the half-close")
		equal(r, "the reply", got, fmt.Sprint(i))
	}
	_, err = s.receive(r.ctx)
	equal(r, "the end", err, io.EOF)
	r.check(s.send(r.ctx, "late") != nil, "a message could be sent after CloseSend")
}

// replyEarly: a handler may answer before it has read everything; the sender
// learns it by io.EOF, and Receive has the answer.
func replyEarly(r *rig) {
	r.serve(handlers{upload: func(ctx context.Context, in *stream) (string, error) { return in.receive(ctx) }})
	s, err := r.open(r.ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer s.Close()
	r.must(s.send(r.ctx, "first"), "send the first request")
	for err = nil; err == nil; {
		err = s.send(r.ctx, "too many")
	}
	equal(r, "the error of a Send after the reply", err, io.EOF)
	got, err := s.only(r.ctx)
	r.must(err, "the reply")
	equal(r, "the reply", got, "first")
}

// peers: each side knows the other's address and the protocol.
func peers(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, _ string) (string, error) {
		p := curlew.CallFrom(ctx).Peer()
		if p == nil || p.Addr == nil {
			return "", fmt.Errorf("the handler's peer is %v, without an address", p)
		}
		return fmt.Sprint(p.Protocol, " tls:", p.TLS != nil), nil
	}})
	var peer curlew.Peer
	got, err := r.exchange(r.ctx, r.kind, "", curlew.CapturePeer(&peer))
	r.must(err, "the call")
	equal(r, "the peer that the handler sees", got, fmt.Sprint(r.Name, " tls:", r.network.tls))
	equal(r, "the protocol that the client sees", peer.Protocol, r.Name)
	equal(r, "the client's connection has TLS", peer.TLS != nil, r.network.tls)
	r.check(peer.Addr != nil && peer.Addr.String() == r.line.address,
		"the client's peer has address %v, want %s", peer.Addr, r.line.address)
}

// names: an unknown name is Unimplemented, tells itself, and hurts nobody.
func names(r *rig) {
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) { return in, nil }})
	for name, unknown := range map[string]string{
		"wiretest.Suite/Nothing": "Nothing", "wiretest.Nobody/Unary": "wiretest.Nobody", "nobody/nothing": "nobody",
	} {
		m := curlew.NewMethod(name, curlew.KindUnary)
		err := r.Invoke(r.ctx, m, r.messages.write("x"), r.messages.empty(), r.options(nil)...)
		r.fails("a call of "+name, err, failure{curlew.Unimplemented, curlew.OriginServer, anyProgress, []string{unknown}})
	}
	got, err := r.call(r.ctx, "still there")
	r.must(err, "a call after the unknown ones")
	equal(r, "its reply", got, "still there")
}
