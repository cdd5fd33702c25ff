// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

type inner struct {
	Name string
	Tags []string
}

type outer struct {
	Int     int
	Uint    uint32
	Float   float64
	Complex complex128
	Bool    bool
	Text    string
	Bytes   []byte
	Array   [3]int
	Map     map[string][]inner
	Ptr     *inner
	Self    *outer
	When    time.Time // encodes itself
	Inners  []inner
	hidden  int //lint:ignore U1000 encoding/gob must pass it over
}

type tree []tree

type names map[string]names

// scalar returns a pointer to v.
func scalar[T any](v T) *T { return &v }

func samples() []any {
	return []any{
		scalar(42), scalar(-7), scalar(uint8(200)), scalar(3.5), scalar(2 + 3i), scalar(true), scalar("text"), scalar(""),
		&[]byte{1, 2, 3}, &[]int{1, -2, 300}, &[2]string{"a", "b"}, &map[string]int{"one": 1, "two": 2},
		&map[string]int{}, &[]string{}, &inner{}, &inner{Name: "x", Tags: []string{"", "y"}},
		&outer{}, &struct{}{},
		&outer{
			Int: -1 << 62, Uint: 1 << 31, Float: 1e300, Complex: 1i, Bool: true, Text: "ünïcode", Bytes: make([]byte, 300), Array: [3]int{0, 5},
			Map: map[string][]inner{"k": {{Name: "v"}}}, Ptr: &inner{Name: "p"}, Self: &outer{Int: 1},
			When: time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC), Inners: []inner{{}, {Name: "z"}},
		},
		&tree{nil, tree{tree{}}}, &names{"a": {"b": {}}},
		&inner{Name: strings.Repeat("long ", 50_000)},
	}
}

// encoded returns the values as encoding/gob writes them.
func encoded(t testing.TB, values ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := gob.NewEncoder(&b)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			t.Fatalf("encode %T: %v", v, err)
		}
	}
	return b.Bytes()
}

// decodedBy returns what encoding/gob itself makes of the stream.
func decodedBy(t testing.TB, stream []byte, like []any) []any {
	t.Helper()
	dec := gob.NewDecoder(bytes.NewReader(stream))
	out := make([]any, len(like))
	for i := range like {
		out[i] = fresh(like[i])
		if err := dec.Decode(out[i]); err != nil {
			t.Fatalf("value %d, a %T: %v", i, like[i], err)
		}
	}
	return out
}

func fresh(v any) any { return reflect.New(reflect.TypeOf(v).Elem()).Interface() }

func TestReaderGivesWhatGobGives(t *testing.T) {
	values := samples()
	stream := encoded(t, values...)
	want := decodedBy(t, stream, values)
	for name, in := range map[string]io.Reader{
		"at once":     bytes.NewReader(stream),
		"byte by one": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(in, 0)
			for i := range values {
				v, err := r.Next(1 << 20)
				assert.NoError(t, err, "value", i)
				got := fresh(values[i])
				assert.NoError(t, v.Decode(t.Context(), got), "value", i)
				assert.Equal(t, got, want[i], "value", i)
				v.Free()
				v.Free()
				assert.True(t, v.Decode(t.Context(), got) != nil, "a freed value cannot be decoded")
			}
			_, err := r.Next(1 << 20)
			assert.Equal(t, err, io.EOF)
		})
	}
}

func TestDecodeInAnyOrder(t *testing.T) {
	values := samples()
	stream := encoded(t, values...)
	want := decodedBy(t, stream, values)
	r := NewReader(bytes.NewReader(stream), 0)
	var read []*Value
	for range values {
		v, err := r.Next(1 << 20)
		assert.NoError(t, err)
		read = append(read, v)
	}
	for i := len(read) - 1; i >= 0; i -= 2 { // every other one is never decoded
		got := fresh(values[i])
		assert.NoError(t, read[i].Decode(t.Context(), got), "value", i)
		assert.Equal(t, got, want[i], "value", i)
	}
	for _, v := range read {
		v.Free()
	}
}

func TestFields(t *testing.T) {
	type header struct {
		Method string
		Note   []int // of no interest
		Seq    uint64
		Error  string
	}
	r := NewReader(bytes.NewReader(encoded(t, &header{"A.B", []int{1, 2}, 1 << 40, "no"}, scalar("not a struct"))), 0)
	v, err := r.Next(1000)
	assert.NoError(t, err)
	got := map[string]any{}
	for f := range v.Fields() {
		got[f.Name] = string(f.Text)
		if f.Text == nil {
			got[f.Name] = f.Uint
		}
	}
	assert.Equal(t, got, map[string]any{"Method": "A.B", "Seq": uint64(1 << 40), "Error": "no"})
	for range v.Fields() {
		break // leaving early is allowed
	}
	v, err = r.Next(1000)
	assert.NoError(t, err)
	for f := range v.Fields() {
		t.Errorf("a string has the field %q", f.Name)
	}
}

func TestOtherSidesTypes(t *testing.T) {
	type theirs struct {
		More map[string][]map[int]inner // unknown here
		Name *string
		Deep struct{ A, B []inner }
		When time.Time
	}
	type ours struct {
		Name    string
		Missing int
	}
	in := &theirs{Name: scalar("n"), More: map[string][]map[int]inner{"x": {{1: {Name: "y"}}}}}
	in.Deep.A = []inner{{Name: "z"}}
	r := NewReader(bytes.NewReader(encoded(t, in, in)), 0)
	for range 2 {
		v, err := r.Next(1000)
		assert.NoError(t, err)
		var got ours
		assert.NoError(t, v.Decode(t.Context(), &got))
		assert.Equal(t, got, ours{Name: "n"})
	}
}

func TestCutStream(t *testing.T) {
	stream := encoded(t, &inner{Name: "x"})
	for n := range stream {
		_, err := NewReader(bytes.NewReader(stream[:n]), 0).Next(1000)
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		assert.Equal(t, err, want, "cut at", n)
	}
}

func TestSizeLimit(t *testing.T) {
	long := &inner{Name: strings.Repeat("x", 10_000)}
	stream := encoded(t, &inner{Name: "a"}, long, &inner{Name: "b"})
	r := NewReader(bytes.NewReader(stream), 20_000)
	names := ""
	for range 3 {
		v, err := r.Next(1000)
		assert.NoError(t, err)
		var got inner
		if err := v.Decode(t.Context(), &got); err != nil {
			assert.Equal(t, v.Err(), err)
			size := assert.ErrorAs[*SizeError](t, err)
			assert.Equal(t, size.Limit, 1000)
			got.Name = "?"
		}
		names += got.Name
	}
	assert.Equal(t, names, "a?b")

	r = NewReader(bytes.NewReader(stream), 5000)
	_, err := r.Next(1000)
	assert.NoError(t, err)
	_, err = r.Next(1000)
	assert.ErrorAs[*SizeError](t, err, "what is too large to be skipped ends the stream")
}

// moody's methods do what the test wants.
type moody struct{ Mood string }

func (m *moody) GobEncode() ([]byte, error) {
	switch m.Mood {
	case "fail":
		return nil, errors.New("not today")
	case "panic":
		panic("swordfish")
	case "exit":
		runtime.Goexit()
	}
	return []byte(m.Mood), nil
}

func (m *moody) GobDecode(b []byte) error {
	switch m.Mood = string(b); m.Mood {
	case "fail on arrival":
		return errors.New("not here")
	case "panic on arrival":
		panic("swordfish")
	}
	return nil
}

type bag struct {
	Before inner
	Mood   *moody
}

func TestDecodeFails(t *testing.T) {
	mood := func(m string) *bag { return &bag{Mood: &moody{m}} }
	r := NewReader(bytes.NewReader(encoded(t, mood("fail on arrival"), mood("panic on arrival"), mood("good"))), 0)
	next := func() error {
		v, err := r.Next(1000)
		assert.NoError(t, err)
		defer v.Free()
		return v.Decode(t.Context(), new(bag))
	}
	assert.Contains(t, next().Error(), "not here")
	p := assert.ErrorAs[*PanicError](t, next())
	assert.Equal[any](t, p.Value, "swordfish")
	assert.True(t, !strings.Contains(p.Error(), "swordfish"), "the text does not tell the value")
	assert.Contains(t, string(p.Stack), "GobDecode")
	assert.NoError(t, next())
}

func TestDecodeWaitsForItsTurn(t *testing.T) {
	r := NewReader(bytes.NewReader(encoded(t, scalar(1))), 0)
	v, err := r.Next(100)
	assert.NoError(t, err)
	r.decoder.token <- struct{}{} // somebody decodes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, v.Decode(ctx, new(int)), context.Canceled)
	<-r.decoder.token
	assert.NoError(t, v.Decode(t.Context(), new(int)))
}

func TestEncoderSurvivesFailures(t *testing.T) {
	type header struct{ Seq uint64 }
	var wire []byte
	e := NewEncoder()
	send := func(seq uint64, body any) error {
		b, err := e.Encode(2000, &header{seq}, body)
		if err == nil {
			wire = append(wire, b...)
			e.Commit()
		}
		return err
	}
	good := &bag{Before: inner{Name: "n", Tags: []string{"t"}}, Mood: &moody{"good"}}
	assert.True(t, send(1, &bag{Mood: &moody{"fail"}}) != nil, "the very first value fails")
	assert.ErrorAs[*PanicError](t, send(2, &bag{Mood: &moody{"panic"}}))
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = send(2, &bag{Mood: &moody{"exit"}})
	}()
	<-exited
	assert.NoError(t, send(3, good))
	assert.ErrorAs[*SizeError](t, send(4, &[]outer{{Text: strings.Repeat("x", 3000)}}))
	assert.True(t, send(5, []chan int{}) != nil, "channels")
	assert.True(t, send(6, nil) != nil, "nil")
	assert.True(t, send(7, (*bag)(nil)) != nil, "a nil pointer")
	// Encoded, but then not sent after all.
	_, err := e.Encode(2000, &header{8}, &map[string]bag{})
	assert.NoError(t, err)
	e.Drop()
	assert.NoError(t, send(9, &map[string]bag{"k": *good}))
	assert.NoError(t, send(10, &[]outer{{Text: "short"}}))

	dec := gob.NewDecoder(bytes.NewReader(wire))
	for _, want := range []struct {
		seq  uint64
		body any
	}{{3, good}, {9, &map[string]bag{"k": *good}}, {10, &[]outer{{Text: "short"}}}} {
		var h header
		assert.NoError(t, dec.Decode(&h), "header", want.seq)
		assert.Equal(t, h.Seq, want.seq)
		body := fresh(want.body)
		assert.NoError(t, dec.Decode(body), "body", want.seq)
		assert.Equal(t, body, want.body)
	}
	assert.Equal(t, dec.Decode(new(int)), io.EOF)
}

func TestEncoderLetsGoOfLargeBuffers(t *testing.T) {
	e := NewEncoder()
	_, err := e.Encode(1<<30, make([]byte, 1<<20))
	assert.NoError(t, err)
	e.Commit()
	_, err = e.Encode(1<<30, 1)
	assert.NoError(t, err)
	assert.True(t, cap(e.buf) <= step, "the buffer has", cap(e.buf))
}
