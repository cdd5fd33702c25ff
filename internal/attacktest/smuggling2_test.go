// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/wire"
)

// TestSmugglingHTTP2 sends heads that would be something else if they were
// passed on as HTTP/1.1, and bodies of other length than they say. None may be
// taken for a request (RFC 9113, section 8.1.1).
func TestSmugglingHTTP2(t *testing.T) {
	v := start(t, wire.Limits{})
	body := message(0, data([]byte("x")))
	with := func(pairs ...string) []string { return request("Echo", pairs...) }
	instead := func(name, value string) []string {
		fields := request("Echo")
		fields[slices.Index(fields, name)+1] = value
		return fields
	}
	for name, fields := range map[string][]string{
		"transfer-encoding":          with("transfer-encoding", "chunked"),
		"connection":                 with("connection", "close"),
		"keep-alive":                 with("keep-alive", "timeout=5"),
		"upgrade":                    with("upgrade", "h2c"),
		"proxy-connection":           with("proxy-connection", "keep-alive"),
		"te":                         instead("te", "gzip"),
		"line in a value":            with("x-a", "b\r\ntransfer-encoding: chunked"),
		"feed in a value":            with("x-a", "b\nc"),
		"return in a value":          with("x-a", "b\rc"),
		"zero in a value":            with("x-a", "b\x00c"),
		"space before a value":       with("x-a", " b"),
		"line in a name":             with("x-a: b\r\nx-c", "d"),
		"colon in a name":            with("transfer-encoding: chunked", "b"),
		"space in a name":            with("transfer-encoding ", "chunked"),
		"upper case in a name":       with("X-A", "b"),
		"empty name":                 with("", "b"),
		"not ASCII in a name":        with("x-é", "b"),
		"two lengths":                with("content-length", "8", "content-length", "9"),
		"length too small":           with("content-length", strconv.Itoa(len(body)-1)),
		"length too large":           with("content-length", strconv.Itoa(len(body)+1)),
		"length below zero":          with("content-length", "-1"),
		"length with a plus":         with("content-length", "+8"),
		"list of lengths":            with("content-length", "8, 8"),
		"host and authority":         with("host", "other"),
		"two hosts":                  with("host", "target", "host", "target"),
		"unknown pseudo-header":      append([]string{":x", "y"}, with()...),
		"pseudo-header twice":        append([]string{":path", "/other"}, with()...),
		"pseudo-header after others": with(":path", "/other"),
		"status":                     append([]string{":status", "200"}, with()...),
		"method with a line":         instead(":method", "POST /other HTTP/1.1\r\nx:"),
		"method with a space":        instead(":method", "POST /other"),
		"empty method":               instead(":method", ""),
		"path with a line":           instead(":path", "/attack.Target/Echo HTTP/1.1\r\nx: y"),
		"path with a space":          instead(":path", "/attack.Target/Echo HTTP/1.1"),
		"path with a fragment":       instead(":path", "/attack.Target/Echo#x"),
		"path without a slash":       instead(":path", "attack.Target/Echo"),
		"absolute path":              instead(":path", "http://other/attack.Target/Echo"),
		"empty path":                 instead(":path", ""),
		"asterisk":                   instead(":path", "*"),
		"unknown scheme":             instead(":scheme", "file"),
		"scheme with a line":         instead(":scheme", "http\r\n"),
		"authority with a user":      instead(":authority", "me@target"),
		"authority with a path":      instead(":authority", "target/x"),
		"authority with a line":      instead(":authority", "target\r\nx: y"),
	} {
		t.Run(name, func(t *testing.T) {
			p := v.http2().listen()
			p.frame(frameHeaders, flagEndHeaders, 1, p.fields(fields...))
			p.frame(frameData, flagEnd, 1, body)
			p.open(3, 0, "Echo") // a good one, to see that the first one is done with
			p.frame(frameData, flagEnd, 3, body)
			p.flush()
			deadline := time.After(10 * time.Second)
			for done := false; !done; {
				select {
				case <-p.ended:
					done = true
				case <-deadline:
					t.Fatalf("there is no end: %+v", p.seen())
				case <-time.After(time.Millisecond):
					done = p.seen().ends >= 1 && p.seen().statuses["200"] >= 1
				}
			}
			if got := p.seen(); got.statuses["200"] > 1 || got.statuses["200"] == 0 && !got.goAway {
				t.Errorf("got %+v", got)
			} else if got.resets[codeProtocol] != 1 && got.statuses["400"] != 1 && !got.goAway {
				t.Errorf("the request was neither reset nor refused: %+v", got)
			}
		})
	}
}
