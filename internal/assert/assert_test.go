// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package assert

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"
)

func TestMain(m *testing.M) { Main(m) }

// fakeT records failures instead of failing.
type fakeT struct {
	testing.TB
	failure  string
	cleanups []func()
}

func (f *fakeT) Helper()                           {}
func (f *fakeT) Name() string                      { return "fake" }
func (f *fakeT) Cleanup(c func())                  { f.cleanups = append(f.cleanups, c) }
func (f *fakeT) Errorf(format string, args ...any) { f.failure += fmt.Sprintf(format, args...) }

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeT) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// failureOf runs check in a goroutine of its own, as a test has, and returns
// what it failed with.
func failureOf(check func(testing.TB)) string {
	fake := new(fakeT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, c := range fake.cleanups {
				c()
			}
		}()
		check(fake)
	}()
	<-done
	return fake.failure
}

func TestComparisons(t *testing.T) {
	wrapped := fmt.Errorf("open: %w", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist})
	long := strings.Repeat("a", 1000)
	for name, test := range map[string]struct {
		check func(testing.TB)
		want  string // part of the failure; "" if the check holds
	}{
		"equal":              {func(t testing.TB) { Equal(t, []int{1}, []int{1}) }, ""},
		"different":          {func(t testing.TB) { Equal(t, 1, 2, "size of", "x") }, "size of x: \n got: 1\nwant: 2"},
		"different type":     {func(t testing.TB) { Equal[any](t, int8(1), int16(1)) }, "got: 1\nwant: 1"},
		"nil bytes":          {func(t testing.TB) { Equal(t, nil, []byte{}) }, ""},
		"different bytes":    {func(t testing.TB) { Equal(t, []byte{1, 171}, []byte{1}) }, "got: 01 ab\nwant: 01"},
		"long text":          {func(t testing.TB) { Equal(t, long+"b", long+"c") }, "differ at byte 1000; from byte 984"},
		"text cut short":     {func(t testing.TB) { Equal(t, long, long+"c") }, "(1000 bytes in all)"},
		"equal messages":     {func(t testing.TB) { Equal(t, wrapperspb.Int32(1), wrapperspb.Int32(1)) }, ""},
		"different messages": {func(t testing.TB) { Equal(t, wrapperspb.Int32(1), wrapperspb.Int32(2)) }, "value:2"},
		"true":               {func(t testing.TB) { True(t, true) }, ""},
		"false":              {func(t testing.TB) { True(t, false, "a fits b") }, "a fits b: this does not hold"},
		"no error":           {func(t testing.TB) { NoError(t, nil) }, ""},
		"error":              {func(t testing.TB) { NoError(t, wrapped, "loading") }, "loading: unexpected error: open: open x"},
		"is":                 {func(t testing.TB) { ErrorIs(t, wrapped, fs.ErrNotExist) }, ""},
		"is not":             {func(t testing.TB) { ErrorIs(t, wrapped, fs.ErrExist) }, "want one that is file already exists"},
		"as":                 {func(t testing.TB) { Equal(t, ErrorAs[*fs.PathError](t, wrapped).Path, "x") }, ""},
		"as nothing":         {func(t testing.TB) { ErrorAs[*fs.PathError](t, errors.New("no")) }, "holds a *fs.PathError"},
		"contains":           {func(t testing.TB) { Contains(t, "curlew", "rle") }, ""},
		"contains not":       {func(t testing.TB) { Contains(t, "curlew", "gull") }, `"curlew" does not contain "gull"`},
		"panics":             {func(t testing.TB) { Equal[any](t, Panics(t, func() { panic("x") }), "x") }, ""},
		"panics not":         {func(t testing.TB) { Panics(t, func() {}) }, "no panic"},
	} {
		t.Run(name, func(t *testing.T) {
			got := failureOf(test.check)
			switch {
			case test.want == "" && got != "":
				t.Errorf("failed with %q", got)
			case test.want != "" && !strings.Contains(got, test.want):
				t.Errorf("failure is %q, want %q in it", got, test.want)
			}
		})
	}
}
