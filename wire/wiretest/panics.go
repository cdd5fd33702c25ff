// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/curlewrpc/curlew"
)

func panicCases() []testCase {
	return []testCase{
		{name: "panics/panic", kinds: kinds(), scope: everyNetwork, run: func(r *rig) { ends(r, func() { panic("feathers everywhere") }) }},
		{name: "panics/panic with an error", kinds: kinds(), scope: everyNetwork, run: func(r *rig) { ends(r, func() { panic(http.ErrAbortHandler) }) }},
		{name: "panics/nil dereference", kinds: kinds(), scope: everyNetwork, run: func(r *rig) { ends(r, func() { _ = *(*int)(nil) }) }},
		{name: "panics/Goexit", kinds: kinds(), scope: everyNetwork, run: func(r *rig) { ends(r, runtime.Goexit) }},
		{name: "panics/after replies", needs: Streams, scope: everyNetwork, run: panicAfterReplies},
	}
}

// ends: a handler that ends without returning is an internal error to its
// caller, who learns nothing of its inside; other calls go on.
func ends(r *rig, how func()) {
	blocked, release := make(chan struct{}), make(chan struct{})
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		switch in {
		case "wait":
			close(blocked)
			<-release
		case "end":
			how()
		}
		return in, nil
	}})
	waiting := r.later(func() (string, error) { return r.exchange(r.ctx, r.kind, "wait") })
	await(r, blocked, "the handler of the call beside it")
	for range 3 {
		_, err := r.exchange(r.ctx, r.kind, "end")
		r.fails("the call", err, answered(curlew.Internal))
		r.check(!strings.Contains(fmt.Sprint(err), "feathers"), "the panic's value was sent to the client: %v", err)
	}
	close(release)
	out := await(r, waiting, "the call beside it")
	r.must(out.err, "the call beside it")
	got, err := r.exchange(r.ctx, r.kind, "after")
	r.must(err, "a call after it")
	equal(r, "its reply", got, "after")
}

// panicAfterReplies: what was sent before the panic arrives before the error.
func panicAfterReplies(r *rig) {
	r.serve(handlers{download: func(ctx context.Context, _ string, out *stream) error {
		if err := out.send(ctx, "one"); err != nil {
			return err
		}
		panic("feathers everywhere")
	}})
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer s.Close()
	got, err := s.receive(r.ctx)
	r.must(err, "the reply before the panic")
	equal(r, "the reply before the panic", got, "one")
	_, err = s.receive(r.ctx)
	r.fails("the end", err, answered(curlew.Internal))
}
