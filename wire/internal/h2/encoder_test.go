// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew/internal/assert"
)

// The static table is x/net's.
func TestStaticTable(t *testing.T) {
	first := make(map[string]byte)
	for i := byte(1); i <= staticEntries; i++ {
		fields, err := hpack.NewDecoder(0, nil).DecodeFull([]byte{0x80 | i})
		assert.NoError(t, err)
		f := fields[0]
		if first[f.Name] == 0 {
			first[f.Name] = i
		}
		assert.Equal(t, staticName(f.Name), first[f.Name], f.Name)
		if f.Name == ":status" {
			var status int
			fmt.Sscan(f.Value, &status)
			assert.Equal(t, staticStatusOf(status), i)
		}
	}
	assert.Equal(t, staticName("x-unknown"), 0)
	assert.Equal(t, staticStatusOf(418), 0)
}

// What a warm connection sends for a field.
func TestEncoding(t *testing.T) {
	e := newEncoder()
	size := func(name, value string) int { return len(e.field(nil, name, value)) }
	assert.Equal(t, size("content-type", "application/grpc") > 2, true)
	assert.Equal(t, size("content-type", "application/grpc"), 1, "one that is the same")
	for i := range 50 { // values that are never the same
		size("x-id", fmt.Sprint("unique-", i))
		size("grpc-timeout", fmt.Sprint(i, "m"))
	}
	assert.Equal(t, e.inserted, uint32(1+tries))
	assert.Equal(t, size("content-type", "application/grpc"), 1)
	for i := range 10 { // some that come again
		size("x-id", "unique-0")
		size("x-id", fmt.Sprint("again-", i%3))
	}
	assert.Equal(t, size("x-id", "again-1"), 1)
	for i := range 1000 { // more than the table holds
		size(fmt.Sprint("x-name-", i), strings.Repeat("v", i%100))
	}
	assert.Equal(t, e.size <= maxTable, true)
	assert.Equal(t, len(e.entries) <= maxTable/entrySize, true, len(e.entries))
}

func BenchmarkEncoder(b *testing.B) {
	e := newEncoder()
	fields := [][2]string{
		{":authority", "localhost:8080"}, {":path", "/pkg.Service/Method"}, {"content-type", "application/grpc+proto"},
		{"te", "trailers"}, {"grpc-accept-encoding", "gzip"}, {"grpc-timeout", "9999999u"}, {"user-agent", "curlew"},
	}
	buf := make([]byte, 0, 1000)
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		for _, f := range fields {
			buf = e.field(buf, f[0], f[1])
		}
	}
}

func BenchmarkBlock(b *testing.B) {
	e := newEncoder()
	var block block
	block.init(26 << 10)
	encode := func() (p []byte) {
		p = append(p, 0x83, 0x86)
		for _, f := range [][2]string{
			{":authority", "localhost:8080"}, {":path", "/pkg.Service/Method"}, {"content-type", "application/grpc+proto"},
			{"te", "trailers"}, {"grpc-accept-encoding", "gzip"}, {"grpc-timeout", "9999999u"}, {"user-agent", "curlew"},
		} {
			p = e.field(p, f[0], f[1])
		}
		return p
	}
	decode := func(p []byte) {
		block.begin(1, true)
		if block.add(p) != nil || block.finish() != nil || block.wrong != "" {
			b.Fatal(block.wrong)
		}
	}
	decode(encode())
	warm := encode()
	b.ReportAllocs()
	for b.Loop() {
		decode(warm)
	}
}
