// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"encoding/gob"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
	"github.com/curlewrpc/curlew/wire/native"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// all are the framings of a server, in its order.
func all() []wire.Framing {
	return []wire.Framing{native.New(), netrpc.New(), jsonrpc.New(jsonrpc.Version2), h1.New(nil)}
}

// netRPC is how a client of net/rpc begins.
func netRPC(t testing.TB, method string) string {
	var b bytes.Buffer
	type Request struct {
		ServiceMethod string
		Seq           uint64
	}
	assert.NoError(t, gob.NewEncoder(&b).Encode(Request{method, 1}))
	return b.String()
}

func TestSniff(t *testing.T) {
	for name, test := range map[string]struct{ begins, framing string }{
		"get":             {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http/1.1"},
		"curl -d":         {"POST /Arith/Multiply HTTP/1.1\r\n", "http/1.1"},
		"connect":         {"CONNECT /_goRPC_ HTTP/1.0\n\n", "http/1.1"},
		"options":         {"OPTIONS * HTTP/1.1\r\n", "http/1.1"},
		"http/2":          {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
		"unknown method":  {"BREW /pot HTTP/1.1\r\n", ""},
		"method in lower": {"get / HTTP/1.1\r\n", ""},
		"gob":             {netRPC(t, "Arith.Multiply"), "netrpc"},
		"native":          {"\xc7URLEW\r\n\x01", "native"},
		"json":            {`{"method":"Arith.Multiply","params":[{"A":7}],"id":1}`, "jsonrpc"},
		"json batch":      {" \r\n[ {", "jsonrpc"},
		"white space":     {strings.Repeat(" ", 100), ""},
		"tls":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ""},
		"proxy 1":         {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", ""},
		"proxy 2":         {"\r\n\r\n\x00\r\nQUIT\n\x21", ""},
		"ssh":             {"SSH-2.0-OpenSSH_9.6\r\n", ""},
		"zeros":           {string(make([]byte, 100)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			framings := all()
			for _, sizes := range [][]byte{nil, {255}, {2, 3, 255}} {
				f, n := wire.Sniff(framings, []byte(test.begins), sizes)
				got := ""
				if f != nil {
					got = f.Name()
				}
				assert.Equal(t, got, test.framing)
				assert.True(t, 0 < n && n <= wire.MaxSniff, "the verdict takes from 1 to MaxSniff bytes")
			}
		})
	}
}

// undecided says Maybe for ever.
type undecided struct{ fake }

func (undecided) Match([]byte) wire.Match { return wire.Maybe }

func TestSniffGivesUpOnTheUndecided(t *testing.T) {
	f, n := wire.Sniff([]wire.Framing{undecided{}}, make([]byte, 1000), []byte{255})
	assert.True(t, f == nil, "no framing")
	assert.Equal(t, n, wire.MaxSniff)
}

func TestSniffTakesTheEarliestYesThenTheFirst(t *testing.T) {
	long, short, same := fake{name: "long", magic: "abc"}, fake{name: "short", magic: "ab"}, fake{name: "same", magic: "ab"}
	f, n := wire.Sniff([]wire.Framing{long, short, same}, []byte("abcd"), []byte{4})
	assert.Equal(t, f.Name(), "short")
	assert.Equal(t, n, 2)
}

// FuzzSniff checks that every beginning of a connection gets a verdict within
// MaxSniff bytes, the same one however the bytes arrive, that no two framings
// would take it, and that they stand by what they have said.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{
		"", "G", "GET /", "POST /a/b HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", netRPC(f, "A.B"), "\x16\x03\x01", "PROXY ",
		"{\"method\":\"A.B\"", " \t\r\n[{", "\xc7URLEW\r\n", "\xff\x81\x03\x01",
	} {
		f.Add([]byte(seed), []byte{3, 1, 200})
	}
	framings := all()
	f.Fuzz(func(t *testing.T, b, sizes []byte) {
		whole, n := wire.Sniff(framings, b, []byte{255})
		chopped, m := wire.Sniff(framings, b, sizes)
		single, k := wire.Sniff(framings, b, nil)
		if whole != chopped || whole != single || n != m || n != k {
			t.Fatalf("%x: %v after %d bytes at once, %v after %d in chunks of %v, %v after %d one by one",
				b, whole, n, chopped, m, sizes, single, k)
		}
		if n < 0 && len(b) >= wire.MaxSniff {
			t.Fatalf("%x: no verdict on %d bytes", b, len(b))
		}
		takers := 0
		for _, framing := range framings {
			if n > 0 && framing.Match(b[:n]) == wire.Yes {
				takers++
			}
			verdict := wire.Maybe
			for i := 1; i <= min(len(b), wire.MaxSniff); i++ {
				now := framing.Match(b[:i])
				if verdict != wire.Maybe && now != verdict {
					t.Fatalf("%s: %d for %x, but %d for %x", framing.Name(), verdict, b[:i-1], now, b[:i])
				}
				verdict = now
			}
			if verdict == wire.Maybe && len(b) >= wire.MaxSniff {
				t.Fatalf("%s: undecided about %x", framing.Name(), b[:wire.MaxSniff])
			}
		}
		if takers > 1 {
			t.Fatalf("%x: %d framings take it", b[:n], takers)
		}
	})
}
