// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"reflect"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// verdict is what Match says of growing prefixes of a connection.
func verdict(t *testing.T, stream []byte) (m wire.Match, after int) {
	t.Helper()
	for n := 1; n <= min(len(stream), wire.MaxSniff); n++ {
		if m = netrpc.New().Match(stream[:n]); m != wire.Maybe {
			return m, n
		}
	}
	return m, len(stream)
}

func TestMatch(t *testing.T) {
	type Request struct {
		ServiceMethod string
		Seq           uint64
	}
	fields := make([]reflect.StructField, 40)
	for i := range fields {
		fields[i] = reflect.StructField{Name: fmt.Sprintf("Field%d", i), Type: reflect.TypeFor[int]()}
	}
	wide := reflect.New(reflect.StructOf(fields)).Interface()
	// The numbers of types grow while the process runs: all lengths come by.
	for i := range 300 {
		for _, first := range []any{&Request{}, wide, reflect.New(reflect.ArrayOf(i+1, reflect.TypeFor[string]())).Interface()} {
			var b bytes.Buffer
			assert.NoError(t, gob.NewEncoder(&b).Encode(first))
			m, n := verdict(t, b.Bytes())
			assert.Equal(t, m, wire.Yes, "a stream that begins with", fmt.Sprintf("% x", b.Bytes()[:10]))
			assert.True(t, n <= 9, "decided after", n)
		}
	}
	for name, stream := range map[string]string{
		"HTTP/1.1 GET":           "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 POST":          "POST /Arith/Multiply HTTP/1.1\r\n",
		"HTTP CONNECT":           "CONNECT /_goRPC_ HTTP/1.0\n\n",
		"HTTP/2":                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"JSON":                   `{"method":"Arith.Multiply","params":[{}],"id":0}`,
		"JSON in a batch":        "[{}]",
		"JSON after spaces":      "\n\t {}",
		"TLS":                    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"native":                 "\xc7curlew\x01\x00",
		"PROXY v1":               "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY v2":               "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c",
		"Thrift framed":          "\x00\x00\x00\x20\x80\x01\x00\x01",
		"Thrift binary":          "\x80\x01\x00\x01\x00\x00\x00\x04ping",
		"Thrift compact":         "\x82\x21\x01\x04ping",
		"Dubbo":                  "\xda\xbb\xc2\x00\x00\x00\x00\x00",
		"SSH":                    "SSH-2.0-OpenSSH_9.2\r\n",
		"ones":                   "\xff\xff\xff\xff\xff\xff",
		"a value, no type":       "\x03\x04\x00\x06",
		"a positive type":        "\x20\xff\x82\x03\x01",
		"a type of no kind":      "\x20\x7f\x00\x01",
		"a type of kind 8":       "\x20\xff\x81\x08\x01",
		"a length of 8 MiB":      "\xfc\x00\x80\x00\x00\x7f\x03",
		"a type of 64 bits":      "\x20\xf8\x01\x02\x03\x04\x05\x06\x07\x09\x03",
		"a reserved type":        "\x20\x7d\x03\x01",
		"a definition too short": "\x02\x7f\x03",
	} {
		m, n := verdict(t, []byte(stream))
		assert.Equal(t, m, wire.No, name, "decided after", n)
	}
}

// TestMatchDecides: whatever comes, Match has a verdict and no panic.
func TestMatchDecides(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			for _, c := range []byte{0, 1, 3, 8, 0x7f, 0x80, 0x81, 0xff} {
				stream := append([]byte{byte(a), byte(b)}, bytes.Repeat([]byte{c}, 20)...)
				m, n := verdict(t, stream)
				assert.True(t, m != wire.Maybe && n <= 9, "no verdict on", fmt.Sprintf("% x", stream))
			}
		}
	}
}
