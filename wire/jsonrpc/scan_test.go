// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

// texts are JSON objects and arrays of all shapes.
var texts = []string{
	`{}`, `[]`, `{"a":1}`, `[[],{},[{}]]`, `{"a":{"b":[1,2,{"c":null}]}}`,
	`[0,-0,1,-1,10,0.5,-0.5,1e5,1E+5,1.25e-10,0e0]`, `[true,false,null]`,
	`["","a","\"","\\","\/\b\f\n\r\t","\u00e9\uD83D\uDE00","é😀"]`, `["]","}","{\"[\"}"]`,
	"{ \"a\" :\t[ 1 ,\r\n2 ] , \"b\" : { } }", `{"":{"":{"":[]}}}`,
}

// broken begin as an object or array and are none.
var broken = []string{
	`{a:1}`, `{"a"}`, `{"a" 1}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{,}`, `{1:2}`, `{"a":1]`, `[1}`, `[,]`, `[1,]`, `[1 2]`, `[}`,
	`[01]`, `[-]`, `[-a]`, `[1.]`, `[1.e5]`, `[1e]`, `[1e+]`, `[.5]`, `[+1]`, `[1.5.5]`, `[00]`, `[1a]`, `[--1]`, `[1e5e5]`, `[0x10]`,
	`[tru]`, `[trux]`, `[nul ]`, `[False]`, `[NaN]`, `[undefined]`,
	`["\x"]`, `["\u12g4"]`, `["\u"]`, "[\"a\nb\"]", "[\"\x00\"]", `[']`, "[\x01]", "[\x80]", `{"a":"b" "c"}`, `{"a"::1}`, `{"a":1,,"b":2}`,
}

func TestScannerKnowsJSON(t *testing.T) {
	for _, text := range texts {
		assert.True(t, json.Valid([]byte(text)), "the test is wrong about", text)
		var s scanner
		n, done, err := s.next([]byte(text + "{}"))
		assert.NoError(t, err, text)
		assert.Equal(t, n, len(text), text)
		assert.True(t, done, text)
		var slow scanner
		for i := range text { // byte by byte, it ends at the same place
			_, done, err := slow.next([]byte(text[i : i+1]))
			assert.NoError(t, err, text)
			assert.Equal(t, done, i == len(text)-1, text, "at", i)
		}
	}
	for _, text := range broken {
		assert.True(t, !json.Valid([]byte(text)), "the test is wrong about", text)
		var s scanner
		_, done, err := s.next([]byte(text))
		assert.True(t, err != nil && !done, text, "is taken for JSON")
	}
	for _, text := range []string{`1`, `"a"`, `true`, `}`, `]`, `x`, "\x00"} {
		var s scanner
		_, _, err := s.next([]byte(text))
		assert.Contains(t, err.Error(), "begins with { or [", text)
	}
}

func TestReader(t *testing.T) {
	stream := " \n" + strings.Join(texts, "\r\n\t ") + strings.Join(texts, "") + "\n"
	for name, in := range map[string]io.Reader{
		"at once":     strings.NewReader(stream),
		"byte by one": iotest.OneByteReader(strings.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(in, 0, 0)
			for range 2 {
				for _, want := range texts {
					got, err := r.next(at(100))
					assert.NoError(t, err)
					assert.Equal(t, string(got), want)
				}
			}
			_, err := r.next(at(100))
			assert.Equal(t, err, io.EOF)
		})
	}
}

func TestReaderEnds(t *testing.T) {
	for n := 1; n < len(texts[4]); n++ {
		_, err := newReader(strings.NewReader(texts[4][:n]), 0, 0).next(at(100))
		assert.Equal(t, err, io.ErrUnexpectedEOF, "cut at", n)
	}
	_, err := newReader(iotest.ErrReader(errors.ErrUnsupported), 0, 0).next(at(100))
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestReaderLimits(t *testing.T) {
	long := `{"id":1,"params":"` + strings.Repeat("x", 10_000) + `","last":2}`
	r := newReader(strings.NewReader(`{"a":1}`+long+`{"b":2}`+long[:9000]), 0, 12_000)
	next := func(limit int) (string, error) {
		got, err := r.next(at(limit))
		return string(got), err
	}
	got, err := next(7)
	assert.NoError(t, err, "exactly the limit")
	assert.Equal(t, got, `{"a":1}`)
	_, err = next(1000)
	size := assert.ErrorAs[*sizeError](t, err)
	assert.True(t, size.whole, "it was read past")
	assert.Equal(t, size.size, int64(len(long)))
	assert.Equal(t, string(size.head[:20]), long[:20])
	assert.Equal(t, string(size.tail), long[len(long)-endBytes:])
	assert.Contains(t, size.Error(), "message of 10029 bytes, more than the 1000 that MaxReceive allows")
	got, err = next(7)
	assert.NoError(t, err, "the stream goes on")
	assert.Equal(t, got, `{"b":2}`)
	_, err = next(1000)
	assert.Equal(t, err, io.ErrUnexpectedEOF)

	// What ends before that is noticed is read past too.
	r = newReader(strings.NewReader(long[:18]+`"}`+`{"c":3}`), 0, 10)
	_, err = next(10)
	assert.True(t, assert.ErrorAs[*sizeError](t, err).whole, "it was read past")
	got, err = next(10)
	assert.NoError(t, err, "the stream goes on")
	assert.Equal(t, got, `{"c":3}`)

	r = newReader(strings.NewReader(long), 0, 5000)
	_, err = next(1000)
	size = assert.ErrorAs[*sizeError](t, err)
	assert.True(t, !size.whole, "too large to be read past")
	assert.Contains(t, size.Error(), "at least")
}

// TestReaderMemory: neither a long message nor deep nesting costs more memory
// than the limit.
func TestReaderMemory(t *testing.T) {
	for name, in := range map[string]io.Reader{
		"a string without end":   io.MultiReader(strings.NewReader(`{"a":"`), endless('x')),
		"white space inside":     io.MultiReader(strings.NewReader(`{`), endless(' ')),
		"a million levels":       strings.NewReader(strings.Repeat("[", 1_000_000)),
		"a million keys":         strings.NewReader("{" + strings.Repeat(`"a":[`, 1_000_000)),
		"white space before all": io.LimitReader(endless(' '), 1<<22),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := newReader(in, 0, 1<<20).next(at(1 << 18))
		runtime.ReadMemStats(&after)
		assert.True(t, err != nil, name, "is no message")
		grown := after.TotalAlloc - before.TotalAlloc
		assert.True(t, grown < 2<<20, name, "allocates", grown)
	}
}

// at is a limit that does not change.
func at(n int) func() int { return func() int { return n } }

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	_, err := newReader(strings.NewReader(deep(maxDepth)), 0, 0).next(at(1 << 20))
	assert.NoError(t, err)
	_, err = newReader(strings.NewReader(deep(maxDepth+1)), 0, 0).next(at(1 << 20))
	assert.ErrorAs[syntaxError](t, err)
	assert.Contains(t, err.Error(), "nested more than 1000 deep")
}

func TestUTF8(t *testing.T) {
	r := newReader(strings.NewReader("{\"a\":\"\xff\"}{}"), 0, 0)
	_, err := r.next(at(100))
	assert.Equal(t, err, errUTF8)
	_, err = r.next(at(100))
	assert.NoError(t, err, "the stream goes on")
}

func TestUniqueKeys(t *testing.T) {
	for _, text := range append([]string{
		`{"a":1,"b":2,"A":3}`, `{"a":{"a":{"a":1}}}`, `[{"a":1},{"a":2}]`, `{"a":"a","b":"a"}`, `{"a":["a","a",{"a":1}]}`,
	}, texts...) {
		assert.NoError(t, uniqueKeys([]byte(text)), text)
	}
	for text, twice := range map[string]string{
		`{"a":1,"a":1}`:                         `"a"`,
		`{"a":1,"b":{"x":[1,{"y":1,"y":2}]}}`:   `"y"`,
		`{"a":{"b":1},"c":[{"d":2}],"a":3}`:     `"a"`,
		`{"a":1,"\u0061":2}`:                    `"a"`,
		`{"\u00e9":1,"x":2,"é":3}`:              `"é"`,
		`{"":1,"":2}`:                           `""`,
		`[[],{"q\"":1, "q\"" : 2}]`:             `"q\""`,
		`{"z":1,"y":2,"x":3,"w":4,"v":5,"z":6}`: `"z"`,
	} {
		err := uniqueKeys([]byte(text))
		assert.True(t, err != nil, text, "is taken")
		assert.Contains(t, err.Error(), "the key "+twice+" is there twice", text)
	}
}

// TestManyKeys: a hundred thousand keys in one object are no problem.
func TestManyKeys(t *testing.T) {
	var b bytes.Buffer
	for i := range 100_000 {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(`"k`)
		b.WriteString(strings.Repeat("0", i%7))
		b.WriteString(strconv.Itoa(i))
		b.WriteString(`":1`)
	}
	b.WriteByte('}')
	assert.NoError(t, uniqueKeys(b.Bytes()))
}

func TestMembersAndElements(t *testing.T) {
	object := `{ "a" : 1 , "b":[1,{"c":"}"}], "\u0063" : "x\"y" ,"d":{"e":{}},"f":-1.5e3,"g":null}`
	got := map[string]string{}
	for name, value := range members([]byte(object)) {
		got[name] = string(value)
	}
	assert.Equal(t, got, map[string]string{"a": "1", "b": `[1,{"c":"}"}]`, "c": `"x\"y"`, "d": `{"e":{}}`, "f": "-1.5e3", "g": "null"})
	for range members([]byte(object)) {
		break
	}
	var list []string
	for e := range elements([]byte(` [ 1 , "a,b" ,[2,[3]],{"x":[]} ,null]`)[1:]) {
		list = append(list, string(e))
	}
	assert.Equal(t, list, []string{"1", `"a,b"`, "[2,[3]]", `{"x":[]}`, "null"})
	for range elements([]byte(`[1,2]`)) {
		break
	}
	for range elements([]byte(`[ ]`)) {
		t.Error("an empty array has an element")
	}
}

// TestEnds: of a message that is too large its id is found all the same.
func TestEnds(t *testing.T) {
	fill := strings.Repeat("x", 5000)
	for text, want := range map[string]string{
		`{"jsonrpc":"2.0","id":7,"method":"a","params":["` + fill + `"]}`:     "2.0 7",
		`{"method":"a","params":["` + fill + `"],"id":7}`:                     "1.0 7",
		`{"method":"a","params":["` + fill + `"] , "id" : "se-ven" }`:         "1.0 \"se-ven\"",
		`{"jsonrpc":"2.0","method":"a","params":["` + fill + `"],"id":null}`:  "2.0 null",
		`{"jsonrpc":"2.0","method":"a","params":["` + fill + `"]}`:            "2.0 ",
		`{"method":"a","params":["` + fill + `"],"id":[7]}`:                   "1.0 ",
		`{"method":"a","id":{"x":1},"params":["` + fill + `"]}`:               `1.0 {"x":1}`,
		`{"jsonrpc":"2.0","id":{"x":1},"params":["` + fill + `"]}`:            "2.0 ",
		`{"method":"a","params":["` + fill + `,\"id\":7"]}`:                   "1.0 ",
		`{"method":"a","params":["` + fill + `"],"x,\"id":7}`:                 "1.0 ",
		`{"method":"a","params":["` + fill + `",{"a":1,"id":7}]}`:             "1.0 ",
		`[{"jsonrpc":"2.0","id":7,"method":"a"},"` + fill + `"]`:              "2.0 ",
		`{"params":{"id":9,"x":"` + fill + `"},"method":"a","id":7}`:          "1.0 7",
		`{"params":{"id":9,"x":"` + fill + `"},"method":"a","jsonrpc":"2.0"}`: "1.0 ",
	} {
		_, err := newReader(strings.NewReader(text), 0, 1<<20).next(at(1100))
		size := assert.ErrorAs[*sizeError](t, err, text[:40])
		version, id := ends(size.head, size.tail)
		assert.Equal(t, version.String()+" "+string(id), want, text[:40], "…", text[len(text)-30:])
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range append(texts, broken...) {
		f.Add([]byte(text))
	}
	f.Add([]byte("{\"jsonrpc\":\"2.0\",\"a\":1,\"a\":2}\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := newReader(bytes.NewReader(b), 0, 1000).next(at(500))
		begins := bytes.TrimLeft(b, white)
		if err != nil {
			valid := json.Valid(begins) && (begins[0] == '{' || begins[0] == '[')
			size, tooLong := err.(*sizeError)
			switch {
			case tooLong:
				ends(size.head, size.tail)
			case valid && err != errUTF8 && bytes.Count(begins, []byte("["))+bytes.Count(begins, []byte("{")) <= maxDepth:
				t.Errorf("%q is refused: %v", b, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Errorf("%q is taken for JSON", text)
		}
		checkParse(t, text)
	})
}

// checkParse compares what is made of a message with what encoding/json makes
// of it.
func checkParse(t *testing.T, text []byte) {
	if text[0] == '[' {
		var want []json.RawMessage
		if json.Unmarshal(text, &want) != nil {
			return
		}
		i := 0
		for e := range elements(text) {
			if i >= len(want) || !bytes.Equal(e, want[i]) {
				t.Fatalf("element %d of %q is %q", i, text, e)
			}
			i++
			if len(e) > 0 {
				_, _ = parse(e)
			}
		}
		assert.Equal(t, i, len(want))
		return
	}
	m, err := parse(text)
	unique := uniqueKeys(text) == nil
	if err != nil || !unique {
		return
	}
	var want map[string]json.RawMessage
	assert.NoError(t, json.Unmarshal(text, &want))
	for name, got := range map[string][]byte{"method": m.method, "params": m.params, "id": m.id, "result": m.result, "error": m.err} {
		assert.Equal(t, string(got), string(want[name]), name, "of", string(text))
	}
}
