// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package assert

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// Equal fails unless got equals want. Protobuf messages are compared as
// messages, []byte by content (nil equals empty), the rest deeply.
func Equal[T any](t testing.TB, got, want T, what ...any) {
	t.Helper()
	if equal(got, want) {
		return
	}
	t.Fatal(about(what), difference(got, want))
}

// True fails unless ok. Say in what is expected: a bare "not true" helps nobody.
func True(t testing.TB, ok bool, what ...any) {
	t.Helper()
	if !ok {
		t.Fatal(about(what), "this does not hold")
	}
}

// NoError fails if err is not nil.
func NoError(t testing.TB, err error, what ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("%sunexpected error: %v (%T)", about(what), err, err)
	}
}

// ErrorIs fails unless errors.Is(err, target).
func ErrorIs(t testing.TB, err, target error, what ...any) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%sgot error %v (%T), want one that is %v", about(what), err, err, target)
	}
}

// ErrorAs returns the first E in err's tree, and fails if there is none.
func ErrorAs[E error](t testing.TB, err error, what ...any) E {
	t.Helper()
	var found E
	if !errors.As(err, &found) {
		t.Fatalf("%sgot error %v (%T), want one that holds a %T", about(what), err, err, found)
	}
	return found
}

// Contains fails unless part occurs in text.
func Contains(t testing.TB, text, part string, what ...any) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%s%q does not contain %q", about(what), text, part)
	}
}

// Panics calls f and returns what it panicked with; it fails if f returns.
func Panics(t testing.TB, f func(), what ...any) (value any) {
	t.Helper()
	func() {
		defer func() { value = recover() }()
		f()
	}()
	if value == nil {
		t.Fatal(about(what), "no panic")
	}
	return value
}

func equal(got, want any) bool {
	switch got := got.(type) {
	case proto.Message:
		if want, ok := want.(proto.Message); ok {
			return proto.Equal(got, want)
		}
	case []byte:
		if want, ok := want.([]byte); ok {
			return bytes.Equal(got, want)
		}
	}
	return reflect.DeepEqual(got, want)
}

// about renders the words of the caller as a prefix.
func about(what []any) string {
	if len(what) == 0 {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintln(what...), "\n") + ": "
}

// difference says how got and want differ. Of long text and bytes it shows the
// surroundings of the first difference.
func difference(got, want any) string {
	switch got := got.(type) {
	case string:
		if want, ok := want.(string); ok {
			return around(got, want, "%q")
		}
	case []byte:
		if want, ok := want.([]byte); ok {
			return around(string(got), string(want), "% x")
		}
	}
	g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want)
	if g == w {
		g, w = fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)
	}
	return fmt.Sprintf("\n got: %s\nwant: %s", g, w)
}

func around(got, want, verb string) string {
	const before, after, short = 16, 48, 80
	if len(got) <= short && len(want) <= short {
		return fmt.Sprintf("\n got: "+verb+"\nwant: "+verb, got, want)
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	from := max(0, at-before)
	window := func(s string) string { return s[from:min(len(s), at+after)] }
	return fmt.Sprintf("differ at byte %d; from byte %d on\n got: "+verb+" (%d bytes in all)\nwant: "+verb+" (%d bytes in all)",
		at, from, window(got), len(got), window(want), len(want))
}
