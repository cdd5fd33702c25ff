// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp_test

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

func events(target string, fields ...string) *exchange {
	return request("GET", target, "", append(fields, "accept", "text/html;q=0.1, text/event-stream")...)
}

func TestEvents(t *testing.T) {
	head := wire.Fields{
		{Name: "x-bird", Value: "curlew"}, {Name: "content-type", Value: "text/event-stream"},
		{Name: "cache-control", Value: "no-store"}, {Name: "x-accel-buffering", Value: "no"},
	}
	for target, want := range map[string]string{
		"/v1/watch/x?int32=2":             "data: {\"name\":\"x\\n\"}\n\ndata: {\"name\":\"x\\n\",\"int64\":\"1\"}\n\nevent: end\ndata: {}\n\n",
		"/v1/watch/x":                     "event: end\ndata: {}\n\n",
		"/v1/watch/x?int32=1&text=a%0Ab!": "data: {\"name\":\"x\\n\"}\n\nevent: error\ndata: {\"code\":10,\"message\":\"a\\nb!\"}\n\n",
	} {
		x := events(target)
		serve(t, x)
		assert.Equal(t, x.status, 200)
		assert.Equal(t, x.fields, head)
		assert.Equal(t, x.reply.String(), want)
		assert.Equal(t, x.trailers, wire.Fields{{Name: "x-sum", Value: "7"}})
		assert.Equal(t, x.flushes, strings.Count(want, "data: {\"name"), "each reply goes out at once")
		assert.True(t, x.ended && x.reset == nil)
	}
}

// TestEventsFail is of errors before the first event.
func TestEventsFail(t *testing.T) {
	for target, want := range map[string]string{
		"/v1/watch/x?text=no":   `{"code":10,"message":"no"}`,
		"/v1/watch/x?int32=two": `query parameter \"int32\"`,
	} {
		x := events(target)
		serve(t, x)
		assert.True(t, x.status >= 400, x.status)
		assert.Equal(t, x.fields.Get("content-type"), asJSON)
		assert.Contains(t, x.reply.String(), want)
	}
}

func TestEventsTooLarge(t *testing.T) {
	x := events("/v1/watch/xxxxxxxx?int32=1")
	x.request.Limits.MaxSend = 10
	serve(t, x)
	assert.Equal(t, x.status, 429)
	assert.Contains(t, x.reply.String(), "larger than the 10 that may be sent")
}

func TestEventsBroken(t *testing.T) {
	x := events("/v1/watch/x?int32=2")
	x.broken = curlew.Unavailable
	serve(t, x)
	assert.ErrorIs(t, x.reset, curlew.Unavailable)
}
