// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// What ends a connection, and with which code.
func TestConnectionErrors(t *testing.T) {
	for name, c := range map[string]struct {
		code errCode
		do   func(p *peer)
	}{
		"DATA on stream 0":             {codeProtocol, func(p *peer) { p.data(0, "x", false) }},
		"DATA on an idle stream":       {codeProtocol, func(p *peer) { p.data(1, "x", false) }},
		"HEADERS on stream 0":          {codeProtocol, func(p *peer) { p.get(0) }},
		"HEADERS on an even stream":    {codeProtocol, func(p *peer) { p.get(2) }},
		"HEADERS after the end":        {codeStreamClosed, func(p *peer) { p.get(3); p.frame(frameReset, 0, 3, make([]byte, 4)); p.get(3) }},
		"HEADERS on a skipped stream":  {codeStreamClosed, func(p *peer) { p.get(5); p.get(3) }},
		"CONTINUATION without HEADERS": {codeProtocol, func(p *peer) { p.frame(frameContinuation, flagEndHeaders, 1, nil) }},
		"a frame inside a block": {codeProtocol, func(p *peer) {
			p.frame(frameHeaders, flagEndStream, 1, p.block(requestFields("GET")...))
			p.frame(framePing, 0, 0, make([]byte, 8))
		}},
		"a block that is not HPACK": {codeCompression, func(p *peer) { p.frame(frameHeaders, flagEndHeaders, 1, []byte{0xff, 0xff, 0xff}) }},
		"a block that ends early":   {codeCompression, func(p *peer) { p.frame(frameHeaders, flagEndHeaders, 1, []byte{0x40, 0x0a, 'x'}) }},
		"more padding than payload": {codeProtocol, func(p *peer) { p.post(1); p.frame(frameData, flagPadded, 1, []byte{5, 1, 2}) }},
		"padding without a length":  {codeFrameSize, func(p *peer) { p.post(1); p.frame(frameData, flagPadded, 1, nil) }},
		"HEADERS without its priority": {codeFrameSize, func(p *peer) {
			p.frame(frameHeaders, flagEndHeaders|flagPriority, 1, []byte{0, 0, 0, 0})
		}},
		"PRIORITY on stream 0":         {codeProtocol, func(p *peer) { p.frame(framePriority, 0, 0, make([]byte, 5)) }},
		"RST_STREAM on stream 0":       {codeProtocol, func(p *peer) { p.frame(frameReset, 0, 0, make([]byte, 4)) }},
		"RST_STREAM on an idle stream": {codeProtocol, func(p *peer) { p.frame(frameReset, 0, 1, make([]byte, 4)) }},
		"RST_STREAM of three bytes":    {codeFrameSize, func(p *peer) { p.post(1); p.frame(frameReset, 0, 1, make([]byte, 3)) }},
		"SETTINGS on a stream":         {codeProtocol, func(p *peer) { p.frame(frameSettings, 0, 1, nil) }},
		"SETTINGS of five bytes":       {codeFrameSize, func(p *peer) { p.frame(frameSettings, 0, 0, make([]byte, 5)) }},
		"SETTINGS that acknowledge":    {codeFrameSize, func(p *peer) { p.frame(frameSettings, flagAck, 0, make([]byte, 6)) }},
		"ENABLE_PUSH of 2":             {codeProtocol, func(p *peer) { p.frame(frameSettings, 0, 0, settingsPayload(settingEnablePush, 2)) }},
		"a window above 2^31-1": {codeFlowControl, func(p *peer) {
			p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, 1<<31))
		}},
		"MAX_FRAME_SIZE of 100":        {codeProtocol, func(p *peer) { p.frame(frameSettings, 0, 0, settingsPayload(settingMaxFrame, 100)) }},
		"MAX_FRAME_SIZE of 2^24":       {codeProtocol, func(p *peer) { p.frame(frameSettings, 0, 0, settingsPayload(settingMaxFrame, 1<<24)) }},
		"PUSH_PROMISE from a client":   {codeProtocol, func(p *peer) { p.frame(framePushPromise, flagEndHeaders, 1, make([]byte, 4)) }},
		"PING on a stream":             {codeProtocol, func(p *peer) { p.frame(framePing, 0, 1, make([]byte, 8)) }},
		"PING of nine bytes":           {codeFrameSize, func(p *peer) { p.frame(framePing, 0, 0, make([]byte, 9)) }},
		"GOAWAY on a stream":           {codeProtocol, func(p *peer) { p.frame(frameGoAway, 0, 1, make([]byte, 8)) }},
		"GOAWAY of seven bytes":        {codeFrameSize, func(p *peer) { p.frame(frameGoAway, 0, 0, make([]byte, 7)) }},
		"WINDOW_UPDATE of three bytes": {codeFrameSize, func(p *peer) { p.frame(frameWindowUpdate, 0, 0, make([]byte, 3)) }},
		"WINDOW_UPDATE of 0":           {codeProtocol, func(p *peer) { p.windowUpdate(0, 0) }},
		"WINDOW_UPDATE when idle":      {codeProtocol, func(p *peer) { p.windowUpdate(1, 1) }},
		"a window that overflows":      {codeFlowControl, func(p *peer) { p.windowUpdate(0, maxWindow) }},
		"a stream's that does, by SETTINGS": {codeFlowControl, func(p *peer) {
			p.post(1)
			p.windowUpdate(1, maxWindow-initialWindow)
			p.frame(frameSettings, 0, 0, settingsPayload(settingInitialWindow, initialWindow+1))
		}},
		"a frame that is too large": {codeFrameSize, func(p *peer) { p.frame(frameType(99), 0, 0, make([]byte, minMaxFrame+1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serveRaw(t, wire.Limits{}, waits)
				c.do(p)
				_, code := p.goAway()
				assert.Equal(t, code, c.code, p.logged)
				p.closed()
			})
		})
	}
}

// What ends a stream, and leaves the connection as it is.
func TestStreamErrors(t *testing.T) {
	headers := func(fields ...string) func(p *peer) {
		return func(p *peer) { p.frame(frameHeaders, flagEndHeaders|flagEndStream, 1, p.block(fields...)) }
	}
	with := func(more ...string) func(p *peer) { return headers(requestFields("GET", more...)...) }
	for name, c := range map[string]struct {
		code errCode
		do   func(p *peer)
	}{
		"no :method":                 {codeProtocol, headers(":scheme: http", ":path: /")},
		"no :scheme":                 {codeProtocol, headers(":method: GET", ":path: /")},
		"no :path":                   {codeProtocol, headers(":method: GET", ":scheme: http")},
		"an empty :path":             {codeProtocol, headers(":method: GET", ":scheme: http", ":path: ")},
		"a path without a slash":     {codeProtocol, headers(":method: GET", ":scheme: http", ":path: x")},
		"a path with a space":        {codeProtocol, headers(":method: GET", ":scheme: http", ":path: /x HTTP/1.1")},
		"a path with a newline":      {codeProtocol, headers(":method: GET", ":scheme: http", ":path: /x\r\nhost: evil")},
		"a path with a fragment":     {codeProtocol, headers(":method: GET", ":scheme: http", ":path: /x#y")},
		"another :scheme":            {codeProtocol, headers(":method: GET", ":scheme: gopher", ":path: /")},
		"a :method with a space":     {codeProtocol, headers(":method: GET /", ":scheme: http", ":path: /")},
		"an :authority with a user":  {codeProtocol, headers(":method: GET", ":scheme: http", ":path: /", ":authority: user@here")},
		"an :authority with a path":  {codeProtocol, headers(":method: GET", ":scheme: http", ":path: /", ":authority: here/x")},
		"two :path":                  {codeProtocol, with(":path: /")},
		":status":                    {codeProtocol, with(":status: 200")},
		"an unknown pseudo-header":   {codeProtocol, with(":x: y")},
		"a pseudo-header at the end": {codeProtocol, headers(":method: GET", ":scheme: http", "x: y", ":path: /")},
		"upper case":                 {codeProtocol, with("X-Up: y")},
		"a name with a colon":        {codeProtocol, with("x y: z")},
		"an empty name": {codeProtocol, func(p *peer) {
			p.frame(frameHeaders, flagEndHeaders|flagEndStream, 1, append(p.block(requestFields("GET", "x: y")...), 0x40, 0, 0))
		}},
		"a newline":                     {codeProtocol, with("x: a\r\nb")},
		"a NUL":                         {codeProtocol, with("x: a\x00b")},
		"white space at the end":        {codeProtocol, with("x: a ")},
		"connection":                    {codeProtocol, with("connection: close")},
		"transfer-encoding":             {codeProtocol, with("transfer-encoding: chunked")},
		"te":                            {codeProtocol, with("te: gzip")},
		"another host":                  {codeProtocol, with("host: there")},
		"a content-length":              {codeProtocol, with("content-length: 1")},
		"a content-length that is none": {codeProtocol, func(p *peer) { p.post(1, "content-length: +1") }},
		"two content-lengths":           {codeProtocol, func(p *peer) { p.post(1, "content-length: 1", "content-length: 2") }},
		"more than the content-length":  {codeProtocol, func(p *peer) { p.post(1, "content-length: 1"); p.data(1, "xy", false) }},
		"less than the content-length":  {codeProtocol, func(p *peer) { p.post(1, "content-length: 5"); p.data(1, "xy", true) }},
		"a CONNECT with a path":         {codeProtocol, headers(":method: CONNECT", ":scheme: http", ":path: /", ":authority: here:1")},
		"depending on itself": {codeProtocol, func(p *peer) {
			p.frame(frameHeaders, flagEndHeaders|flagEndStream|flagPriority, 1, append([]byte{0, 0, 0, 1, 9}, p.block(requestFields("GET")...)...))
		}},
		"PRIORITY on itself":      {codeProtocol, func(p *peer) { p.frame(framePriority, 0, 1, []byte{0, 0, 0, 1, 9}) }},
		"PRIORITY of four bytes":  {codeFrameSize, func(p *peer) { p.frame(framePriority, 0, 1, []byte{0, 0, 0, 1}) }},
		"trailers without an end": {codeProtocol, func(p *peer) { p.post(1); p.frame(frameHeaders, flagEndHeaders, 1, p.block("x: y")) }},
		"trailers with a pseudo-header": {codeProtocol, func(p *peer) {
			p.post(1)
			p.frame(frameHeaders, flagEndHeaders|flagEndStream, 1, p.block(":path: /"))
		}},
		"DATA after the end":       {codeStreamClosed, func(p *peer) { p.get(1); p.data(1, "x", false) }},
		"HEADERS after END_STREAM": {codeStreamClosed, func(p *peer) { p.get(1); p.get(1) }},
		"WINDOW_UPDATE of 0":       {codeProtocol, func(p *peer) { p.post(1); p.windowUpdate(1, 0) }},
		"a window that overflows":  {codeFlowControl, func(p *peer) { p.post(1); p.windowUpdate(1, maxWindow) }},
		"DATA beyond the window": {codeFlowControl, func(p *peer) {
			p.post(1)
			for range streamWindow/minMaxFrame + 1 {
				p.data(1, strings.Repeat("x", minMaxFrame), false)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serveRaw(t, wire.Limits{}, waits)
				c.do(p)
				assert.Equal(t, p.reset(1), c.code, p.logged)
				p.alive()
			})
		})
	}
}

// What is allowed, though it is unusual.
func TestTolerated(t *testing.T) {
	for name, do := range map[string]func(p *peer){
		"padding": func(p *peer) {
			p.post(1)
			p.frame(frameData, flagPadded|flagEndStream, 1, []byte("\x03hello\x00\x00\x00"))
		},
		"a priority and padding in HEADERS": func(p *peer) {
			payload := append([]byte{2, 0, 0, 0, 3, 9}, p.block(requestFields("POST")...)...)
			p.frame(frameHeaders, flagEndHeaders|flagPriority|flagPadded, 1, append(payload, 0, 0))
			p.data(1, "hello", true)
		},
		"a block in pieces": func(p *peer) {
			b := p.block(requestFields("POST", "x-long: "+strings.Repeat("abc", 300))...)
			p.frame(frameHeaders, 0, 1, b[:1])
			p.frame(frameContinuation, 0, 1, b[1:50])
			p.frame(frameContinuation, 0, 1, nil)
			p.frame(frameContinuation, flagEndHeaders, 1, b[50:])
			p.data(1, "hello", true)
		},
		"trailers": func(p *peer) {
			p.post(1)
			p.data(1, "hello", false)
			p.frame(frameHeaders, flagEndHeaders|flagEndStream, 1, p.block("x-sum: 5"))
		},
		"unknown frames, settings and flags": func(p *peer) {
			p.frame(frameType(99), 0xff, 1, []byte("whatever"))
			p.frame(frameSettings, 0, 0, settingsPayload(0x99, 1))
			p.frame(frameHeaders, flagEndHeaders|0xd2&^flagPadded, 1, p.block(requestFields("POST")...))
			p.data(1, "hello", true)
		},
		"an empty DATA frame": func(p *peer) { p.post(1); p.data(1, "", false); p.data(1, "hello", true) },
		"a host instead of :authority": func(p *peer) {
			p.frame(frameHeaders, flagEndHeaders, 1, p.block(":method: POST", ":scheme: http", ":path: /", "host: here"))
			p.data(1, "hello", true)
		},
		"the same content-length twice": func(p *peer) {
			p.post(1, "content-length: 5", "content-length: 5")
			p.data(1, "hello", true)
		},
		"PRIORITY on an idle stream": func(p *peer) {
			p.frame(framePriority, 0, 7, []byte{0, 0, 0, 3, 9})
			p.post(1)
			p.data(1, "hello", true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serveRaw(t, wire.Limits{}, answers)
				do(p)
				fields := p.fields(p.expect(frameHeaders, 1))
				assert.Equal(t, fields[":status"], "200")
				assert.Equal(t, p.body(1), "5")
				p.alive()
			})
		})
	}
}

// The handshake: what a client may begin with.
func TestPreface(t *testing.T) {
	for name, begin := range map[string]string{
		"another protocol":    "GET / HTTP/1.1\r\nHost: here\r\n\r\n",
		"half of the preface": preface[:10] + "nonsense that is no preface",
		"no SETTINGS":         preface + string(appendHead(nil, 8, framePing, 0, 0)) + "12345678",
		"nothing":             "",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := startServer(t, wire.Limits{}, waits)
				p.send(begin)
				p.closed()
			})
		})
	}
}
