// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/curlewrpc/curlew"
)

// must ends the case if err is not nil.
func (r *rig) must(err error, what string) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

// check reports a broken expectation; the case goes on.
func (r *rig) check(ok bool, format string, args ...any) {
	r.Helper()
	if !ok {
		r.Errorf(format, args...)
	}
}

// equal compares what was got with what the protocol has to give.
func equal[T comparable](r *rig, what string, got, want T) {
	r.Helper()
	if got != want {
		r.Errorf("%s: got %s, want %s", what, show(got), show(want))
	}
}

// show prints a value, a long text in short.
func show(v any) string {
	text, ok := v.(string)
	switch {
	case !ok:
		return fmt.Sprint(v)
	case len(text) > 80:
		return fmt.Sprintf("%q… (%d bytes)", text[:60], len(text))
	default:
		return fmt.Sprintf("%q", text)
	}
}

// await returns what comes from ch and ends the case if nothing does.
func await[T any](r *rig, ch <-chan T, what string) T {
	r.Helper()
	select {
	case v := <-ch:
		return v
	case <-r.ctx.Done():
		r.Fatalf("waited in vain for %s", what)
		panic("not reached")
	}
}

// outcome is how a call ended.
type outcome struct {
	text string
	err  error
}

// later runs f beside the case, which ends only when f has.
func (r *rig) later(f func() (string, error)) <-chan outcome {
	done := make(chan outcome, 1)
	r.beside.Go(func() {
		text, err := f()
		done <- outcome{text, err}
	})
	return done
}

// failure is the error that a call has to end with.
type failure struct {
	code     curlew.Code
	origin   curlew.Origin
	progress curlew.Progress
	// text holds what the error must say.
	text []string
}

// anyOrigin and anyProgress leave a fact of a failure open.
const (
	anyOrigin   curlew.Origin   = 255
	anyProgress curlew.Progress = 255
)

// answered is an error that the server's handler made.
func answered(code curlew.Code, text ...string) failure {
	return failure{code, curlew.OriginServer, curlew.Answered, text}
}

// fails checks that err is the failure that is wanted.
func (r *rig) fails(what string, err error, want failure) {
	r.Helper()
	if err == nil {
		r.Errorf("%s: it succeeded, want an error with code %v", what, want.code)
		return
	}
	var e *curlew.Error
	if !errors.As(err, &e) {
		r.Errorf("%s: got a %T (%v), want a *curlew.Error with code %v", what, err, err, want.code)
		return
	}
	if e.Origin() == curlew.OriginServer && !r.has(Codes) {
		want.code = curlew.Unknown // all that such a protocol tells
	}
	r.check(e.Code() == want.code, "%s: got code %v, want %v (%v)", what, e.Code(), want.code, err)
	r.check(want.origin == anyOrigin || e.Origin() == want.origin,
		"%s: got origin %v, want %v (%v)", what, e.Origin(), want.origin, err)
	r.check(want.progress == anyProgress || e.Progress() == want.progress,
		"%s: got progress %v, want %v (%v)", what, e.Progress(), want.progress, err)
	for _, text := range want.text {
		r.check(strings.Contains(err.Error(), text), "%s: %s does not say %q", what, show(err.Error()), text)
	}
}
