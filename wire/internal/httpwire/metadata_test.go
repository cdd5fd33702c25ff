// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// list returns a header's fields in order.
func list(h *curlew.Header) []string {
	all := []string{}
	for key, value := range h.All() {
		all = append(all, key+"="+value)
	}
	return all
}

func TestAppendMetadata(t *testing.T) {
	h := curlew.NewHeader("x-bird", "curlew", "x-egg-bin", "\x00\xff\n,", "x-bird", "whimbrel", "x-none", "")
	fields, err := httpwire.AppendMetadata(wire.Fields{{Name: "a", Value: "b"}}, "trailer-", &h)
	assert.NoError(t, err)
	assert.Equal(t, fields, wire.Fields{
		{Name: "a", Value: "b"},
		{Name: "trailer-x-bird", Value: "curlew"},
		{Name: "trailer-x-egg-bin", Value: "AP8KLA"},
		{Name: "trailer-x-bird", Value: "whimbrel"},
		{Name: "trailer-x-none", Value: ""},
	})
}

func TestAppendMetadataRefuses(t *testing.T) {
	for _, test := range []struct{ key, value, says string }{
		{"content-length", "7", "meaning of its own"},
		{"connection", "close", "meaning of its own"},
		{"connect-timeout-ms", "1", "meaning of its own"},
		{"grpc-status", "0", "meaning of its own"},
		{"trailer-x", "y", "meaning of its own"},
		{"x-bird", " curlew", "space"},
		{"x-bird", "cur\nlew", "printable"},
		{"x bird", "curlew", "key"},
	} {
		h := curlew.NewHeader(test.key, test.value)
		_, err := httpwire.AppendMetadata(nil, "", &h)
		assert.True(t, err != nil && strings.Contains(err.Error(), test.says), test.key, test.value, err)
	}
}

// TestRetryMetadata sends what retries say, and servers to them, as gRFC A6 has it.
func TestRetryMetadata(t *testing.T) {
	h := curlew.NewHeader("grpc-previous-rpc-attempts", "1", "grpc-retry-pushback-ms", "-1")
	fields, err := httpwire.AppendMetadata(nil, "", &h)
	assert.NoError(t, err)
	var got curlew.Header
	assert.NoError(t, httpwire.Metadata(fields, &got, nil))
	assert.Equal(t, list(&got), list(&h))
}

func TestMetadata(t *testing.T) {
	fields := wire.Fields{
		{Name: "content-type", Value: "application/json"}, {Name: "host", Value: "x"}, {Name: "connect-protocol-version", Value: "1"},
		{Name: "user-agent", Value: "curl"}, {Name: "x-bird", Value: "a,b"}, {Name: "trailer-x-sum-bin", Value: "gAA="},
		{Name: "x-egg-bin", Value: "AP8, gAA= ,"}, {Name: "trailer-connect-x", Value: "1"}, {Name: "trailer-date", Value: "1"},
	}
	var header, trailer curlew.Header
	assert.NoError(t, httpwire.Metadata(fields, &header, &trailer))
	assert.Equal(t, list(&header), []string{"user-agent=curl", "x-bird=a,b", "x-egg-bin=\x00\xff", "x-egg-bin=\x80\x00", "x-egg-bin="})
	assert.Equal(t, list(&trailer), []string{"x-sum-bin=\x80\x00"})

	var request curlew.Header
	assert.NoError(t, httpwire.Metadata(wire.Fields{{Name: "trailer-x", Value: "1"}}, &request, nil))
	assert.Equal(t, list(&request), []string{"trailer-x=1"}, "requests have no trailers")

	err := httpwire.Metadata(wire.Fields{{Name: "x-egg-bin", Value: "!"}}, &header, nil)
	assert.Contains(t, err.Error(), "x-egg-bin")
}

// FuzzMetadata checks that whatever can be sent arrives as it was.
func FuzzMetadata(f *testing.F) {
	f.Add("x-bird", "curlew")
	f.Add("x-egg-bin", "\x00,=\xff")
	f.Add("trailer-x", "y")
	f.Fuzz(func(t *testing.T, key, value string) {
		sent := curlew.NewHeader(key, value)
		for _, prefix := range []string{"", httpwire.TrailerPrefix} {
			fields, err := httpwire.AppendMetadata(nil, prefix, &sent)
			if err != nil {
				return
			}
			var header, trailer curlew.Header
			if err := httpwire.Metadata(fields, &header, &trailer); err != nil {
				t.Fatalf("%q: %q was sent and is refused: %v", key, value, err)
			}
			got := &header
			if prefix != "" {
				got = &trailer
			}
			if !slices.Equal(list(got), list(&sent)) {
				t.Fatalf("%q arrived as %q", list(&sent), list(got))
			}
		}
	})
}

// FuzzMetadataReceived checks that nothing received crashes, and that what is
// taken in can be sent on.
func FuzzMetadataReceived(f *testing.F) {
	f.Add("x-bird", "curlew")
	f.Add("x-egg-bin", "AP8,gAA=")
	f.Add("trailer-x-bin", "====")
	f.Fuzz(func(t *testing.T, name, value string) {
		var header, trailer curlew.Header
		if httpwire.Metadata(wire.Fields{{Name: name, Value: value}}, &header, &trailer) != nil {
			return
		}
		for _, h := range []*curlew.Header{&header, &trailer} {
			if h.Validate() != nil {
				continue // an HTTP implementation would not have let it through
			}
			if _, err := httpwire.AppendMetadata(nil, "", h); err != nil && strings.TrimSpace(value) == value &&
				!strings.Contains(name, "trailer-") {
				t.Fatalf("%q: %q was taken in but cannot be sent on: %v", name, value, err)
			}
		}
	})
}
