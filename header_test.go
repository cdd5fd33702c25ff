// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"maps"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestHeader(t *testing.T) {
	h := curlew.NewHeader("User", "ada", "tag", "one", "TAG", "two")
	assert.Equal(t, h.Len(), 3)
	assert.Equal(t, h.Get("uSer"), "ada")
	assert.Equal(t, h.Get("tag"), "one", "the first value")
	assert.Equal(t, h.Values("Tag"), []string{"one", "two"})
	assert.Equal(t, len(h.Values("none")), 0)
	assert.Equal(t, h.Size(), len("user")+len("ada")+2*len("tag")+len("one")+len("two")+3*32)
	_, ok := h.Lookup("none")
	assert.Equal(t, ok, false)
	empty := curlew.NewHeader("blank", "")
	value, ok := empty.Lookup("blank")
	assert.True(t, ok && value == "", "an empty value is a value")

	c := h.Clone()
	c.Set("TAG", "three")
	assert.Equal(t, c.Values("tag"), []string{"three"})
	c.Del("User")
	assert.Equal(t, c.Len(), 1)
	assert.Equal(t, h.Len(), 3, "fields of the original")

	var order []string
	for key, value := range h.All() {
		order = append(order, key+"="+value)
	}
	assert.Equal(t, order, []string{"user=ada", "tag=one", "tag=two"})
	for range h.All() {
		break
	}
	var zero curlew.Header
	assert.Equal(t, len(maps.Collect(zero.All())), 0)
	assert.NoError(t, zero.Validate())
	odd := []string{"key"}
	assert.Panics(t, func() { curlew.NewHeader(odd...) })
}

func TestHeaderValidate(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"user", "ada ~!", ""},
		{"x-1_2.3", "", ""},
		{"trace-bin", "\x00\xff\n", ""},
		{"USER", "ada", ""},
		{"", "ada", "empty key"},
		{"user name", "ada", `header key "user name": ' ' is not in`},
		{"usér", "ada", "is not in [a-z0-9._-]"},
		{"a:b", "ada", "is not in"},
		{"user", "ad\na", "byte 0x0a at 2 is not printable ASCII; binary values need a key that ends in -bin"},
		{"user", "adá", "byte 0xc3 at 2"},
		{"user", "\x7f", "byte 0x7f at 0"},
		{"bin", "\x00", "byte 0x00"},
	} {
		h := curlew.NewHeader("good", "one", c.key, c.value)
		err := h.Validate()
		if c.want == "" {
			assert.NoError(t, err, c.key)
			continue
		}
		assert.ErrorIs(t, err, curlew.InvalidArgument, c.key)
		assert.Contains(t, err.Error(), c.want)
	}
}

func BenchmarkHeader(b *testing.B) {
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var h curlew.Header
			h.Set("traceparent", "00-1-2-01")
			h.Set("authorization", "Bearer 123")
			h.Add("x-shard", "7")
		}
	})
	h := curlew.NewHeader("traceparent", "00-1-2-01", "authorization", "Bearer 123", "x-shard", "7")
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Get("x-shard")
		}
	})
	b.Run("Get, other case", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Get("X-Shard")
		}
	})
	b.Run("Size", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Size()
		}
	})
	b.Run("Validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := h.Validate(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
