// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// request is a POST with a body of the length.
func request(length int64) *wire.HTTPRequest {
	return &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/x", RawQuery: "a=b", Length: length}
}

// begin makes an exchange that has been sent.
func begin(t *testing.T, transport *Transport, p *peer, id uint32) wire.ClientExchange {
	t.Helper()
	x, err := transport.Do(t.Context(), request(0))
	assert.NoError(t, err)
	t.Cleanup(func() { x.Reset(nil) })
	assert.NoError(t, x.CloseWrite())
	p.expect(frameHeaders, id)
	return x
}

// respond answers with a head and perhaps a body.
func (p *peer) respond(id uint32, fl flags, fields ...string) {
	p.t.Helper()
	p.frame(frameHeaders, flagEndHeaders|fl, id, p.block(fields...))
}

// failure returns the error of an exchange's response.
func failure(t *testing.T, x wire.ClientExchange) *curlew.Error {
	t.Helper()
	_, _, err := x.Response(t.Context())
	if err == nil {
		_, err = readAll(t.Context(), x)
	}
	var e *curlew.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v", err)
	}
	return e
}

// A request as it stands on the wire.
func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		r := request(5)
		r.Fields = wire.Fields{{Name: "te", Value: "trailers"}, {Name: "x-dirty", Value: " a\r\nb "}, {Name: "connection", Value: "close"}, {Name: "X Y", Value: "z"}}
		for id := uint32(1); id < 7; id += 2 {
			x, err := transport.Do(t.Context(), r)
			assert.NoError(t, err)
			_, err = x.Write(t.Context(), []byte("hello"))
			assert.NoError(t, err)
			assert.NoError(t, x.CloseWrite())
			f := p.expect(frameHeaders, id)
			assert.Equal(t, p.fields(f), map[string]string{
				":method": "POST", ":scheme": "http", ":authority": "here", ":path": "/x?a=b", "te": "trailers", "x-dirty": "a  b",
			})
			f = p.expect(frameData, id)
			assert.Equal(t, string(f.payload), "hello")
			assert.Equal(t, f.flags&flagEndStream, flagEndStream)
			p.respond(id, 0, ":status: 103", "link: x") // one of those that come before
			p.respond(id, 0, ":status: 200", "x: y")
			p.data(id, "well", false)
			p.respond(id, flagEndStream, "x-after: all")
			status, fields, err := x.Response(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, status, 200)
			assert.Equal(t, fields, wire.Fields{{Name: "x", Value: "y"}})
			body, err := readAll(t.Context(), x)
			assert.NoError(t, err)
			assert.Equal(t, body, "well")
			assert.Equal(t, x.Trailers(), wire.Fields{{Name: "x-after", Value: "all"}})
			x.Reset(nil)
			assert.Equal(t, transport.Capacity(), transport.c.maxOpen())
		}
	})
}

// A server's GOAWAY: what it has not begun may be tried elsewhere, and the rest
// goes on.
func TestGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		first, second := begin(t, transport, p, 1), begin(t, transport, p, 3)
		p.send(string(appendGoAway(nil, 1, codeCalm, "too_many_pings")))
		e := failure(t, second)
		assert.Equal(t, e.Progress(), curlew.Refused)
		assert.Contains(t, e.Error(), "too_many_pings")
		<-transport.Draining()
		assert.Equal(t, transport.Capacity(), 0)
		_, err := transport.Do(t.Context(), request(0))
		assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)
		p.respond(1, flagEndStream, ":status: 204")
		status, _, err := first.Response(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, status, 204)
	})
}

// How an exchange fails, and what its error says.
func TestFailures(t *testing.T) {
	reset := func(code errCode) func(p *peer) {
		return func(p *peer) { p.send(string(appendReset(nil, 1, code))) }
	}
	for name, c := range map[string]struct {
		do       func(p *peer)
		code     curlew.Code
		progress curlew.Progress
		text     string
	}{
		"REFUSED_STREAM":  {reset(codeRefused), curlew.Unavailable, curlew.Refused, "REFUSED_STREAM"},
		"CANCEL":          {reset(codeCancel), curlew.Canceled, curlew.MaybeSent, "CANCEL"},
		"CALM":            {reset(codeCalm), curlew.ResourceExhausted, curlew.MaybeSent, "ENHANCE_YOUR_CALM"},
		"INTERNAL":        {reset(codeInternal), curlew.Internal, curlew.MaybeSent, "INTERNAL_ERROR"},
		"an unknown code": {reset(0x77), curlew.Internal, curlew.MaybeSent, "0x77"},
		"NO_ERROR":        {reset(codeNo), curlew.Internal, curlew.MaybeSent, "NO_ERROR"},
		"a closed socket": {func(p *peer) { p.conn.Close() }, curlew.Unavailable, curlew.MaybeSent, "closed by the peer"},
		"no :status":      {func(p *peer) { p.respond(1, 0, "x: y") }, curlew.Internal, curlew.MaybeSent, ":status"},
		"a :path":         {func(p *peer) { p.respond(1, 0, ":status: 200", ":path: /") }, curlew.Internal, curlew.MaybeSent, ":status"},
		"a bad :status":   {func(p *peer) { p.respond(1, 0, ":status: 20x") }, curlew.Internal, curlew.MaybeSent, ":status"},
		"status 101":      {func(p *peer) { p.respond(1, 0, ":status: 101") }, curlew.Internal, curlew.MaybeSent, "101"},
		"100 and the end": {func(p *peer) { p.respond(1, flagEndStream, ":status: 100") }, curlew.Internal, curlew.MaybeSent, "100"},
		"DATA first":      {func(p *peer) { p.data(1, "x", false) }, curlew.Internal, curlew.MaybeSent, "before the response"},
		"too much":        {func(p *peer) { p.respond(1, 0, ":status: 200", "content-length: 1"); p.data(1, "xy", false) }, curlew.Internal, curlew.MaybeSent, "content-length"},
		"too little":      {func(p *peer) { p.respond(1, 0, ":status: 200", "content-length: 1"); p.data(1, "", true) }, curlew.Internal, curlew.MaybeSent, "content-length"},
		"bad trailers":    {func(p *peer) { p.respond(1, 0, ":status: 200"); p.respond(1, flagEndStream, ":status: 200") }, curlew.Internal, curlew.MaybeSent, "trailers"},
		"a large head":    {func(p *peer) { p.respond(1, 0, ":status: 200", "x: "+strings.Repeat("y", 30_000)) }, curlew.ResourceExhausted, curlew.Answered, "MaxHeader"},
		"large trailers": {func(p *peer) {
			p.respond(1, 0, ":status: 200")
			p.respond(1, flagEndStream, "x: "+strings.Repeat("y", 30_000))
		}, curlew.ResourceExhausted, curlew.Answered, "MaxHeader"},
		"a push":            {func(p *peer) { p.frame(framePushPromise, flagEndHeaders, 1, make([]byte, 4)) }, curlew.Unavailable, curlew.MaybeSent, "PUSH_PROMISE"},
		"a request for us":  {func(p *peer) { p.get(2) }, curlew.Unavailable, curlew.MaybeSent, "stream 2"},
		"no stream of ours": {func(p *peer) { p.respond(9, 0, ":status: 200") }, curlew.Unavailable, curlew.MaybeSent, "stream 9"},
		"push switched on":  {func(p *peer) { p.frame(frameSettings, 0, 0, settingsPayload(settingEnablePush, 1)) }, curlew.Unavailable, curlew.MaybeSent, "ENABLE_PUSH"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, p := dialRaw(t, wire.Limits{})
				x := begin(t, transport, p, 1)
				c.do(p)
				e := failure(t, x)
				assert.Equal(t, e.Code(), c.code, e)
				assert.Equal(t, e.Progress(), c.progress, e)
				assert.Contains(t, e.Error(), c.text)
				if e.Code() == curlew.Unavailable && e.Progress() == curlew.MaybeSent {
					<-transport.Draining()
				}
			})
		})
	}
}

// The server's limit on streams: who comes beyond waits for a place, in order,
// until its context ends.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{}, settingMaxStreams, 1)
		assert.Equal(t, transport.Capacity(), 1)
		first := begin(t, transport, p, 1)
		assert.Equal(t, transport.Capacity(), 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := transport.Do(ctx, request(0))
		assert.Equal(t, curlew.CodeOf(err), curlew.DeadlineExceeded)
		assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)
		next := make(chan wire.ClientExchange, 1)
		go func() {
			x, err := transport.Do(t.Context(), request(0))
			assert.NoError(t, err)
			next <- x
		}()
		synctest.Wait()
		first.Reset(nil)
		assert.Equal(t, p.reset(1), codeCancel)
		(<-next).Reset(nil)                                                             // was never sent
		p.frame(frameSettings, 0, 0, settingsPayload(settingMaxStreams, 3, 0x4242, 17)) // more may come
		synctest.Wait()
		assert.Equal(t, transport.Capacity(), 3)
	})
}

// The server has answered and wants no more of the request.
func TestAnsweredEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{}, settingInitialWindow, 10)
		x, err := transport.Do(t.Context(), request(-1))
		assert.NoError(t, err)
		defer x.Reset(nil)
		p.expect(frameHeaders, 1)
		wrote := make(chan error, 1)
		go func() {
			_, err := x.Write(t.Context(), make([]byte, 100))
			wrote <- err
		}()
		p.expect(frameData, 1)
		p.respond(1, flagEndStream, ":status: 413")
		p.send(string(appendReset(nil, 1, codeNo)))
		assert.Equal(t, <-wrote, io.EOF)
		assert.Equal(t, x.CloseWrite(), io.EOF)
		status, _, err := x.Response(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, status, 413)
	})
}

// An exchange that is given up: the server is told, and what was buffered is
// given back.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		for id := uint32(1); id < 2000; id += 2 { // 62 MiB in all
			x := begin(t, transport, p, id)
			p.respond(id, 0, ":status: 200")
			p.fill(id, 64*kib, false)
			_, _, err := x.Response(t.Context())
			assert.NoError(t, err)
			x.Reset(nil)
			assert.Equal(t, p.reset(id), codeCancel)
		}
		synctest.Wait()
		assert.Equal(t, transport.c.budget.Used, int64(0))
		assert.Equal(t, transport.Capacity(), transport.c.maxOpen())
	})
}

// A caller that gives up waiting.
func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		x := begin(t, transport, p, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := x.Response(ctx)
		assert.Equal(t, curlew.CodeOf(err), curlew.DeadlineExceeded)
		assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.MaybeSent)
		p.respond(1, 0, ":status: 200")
		_, _, err = x.Response(t.Context()) // one may wait on
		assert.NoError(t, err)
		_, err = x.Read(ctx, make([]byte, 1))
		assert.Equal(t, curlew.CodeOf(err), curlew.DeadlineExceeded)
	})
}

// Requests that cannot be sent, and never are.
func TestBadRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, _ := dialRaw(t, wire.Limits{}, settingMaxHeaderListSize, 1000)
		for name, change := range map[string]func(r *wire.HTTPRequest){
			"method":    func(r *wire.HTTPRequest) { r.Method = "GET /" },
			"path":      func(r *wire.HTTPRequest) { r.Path = "/x y" },
			"no path":   func(r *wire.HTTPRequest) { r.Path = "" },
			"query":     func(r *wire.HTTPRequest) { r.RawQuery = "a\nb" },
			"authority": func(r *wire.HTTPRequest) { r.Authority = "a/b" },
			"header":    func(r *wire.HTTPRequest) { r.Fields.Add("x", strings.Repeat("y", 1000)) },
		} {
			r := request(0)
			change(r)
			_, err := transport.Do(t.Context(), r)
			assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent, name, err)
		}
		x, err := transport.Do(t.Context(), request(3))
		assert.NoError(t, err)
		_, err = x.Write(t.Context(), []byte("four"))
		assert.Equal(t, curlew.CodeOf(err), curlew.Internal)
		assert.Equal(t, curlew.CodeOf(x.CloseWrite()), curlew.Internal)
		x.Reset(nil)
	})
}

// Servers that do not speak HTTP/2, or nothing at all.
func TestDialFails(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		code   curlew.Code
		text   string
	}{
		"HTTP/1":  {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", curlew.FailedPrecondition, "HTTP/1"},
		"nothing": {"", curlew.DeadlineExceeded, "settings"},
		"noise":   {"SSH-2.0-OpenSSH_9.2p1\r\n", curlew.FailedPrecondition, "SSH"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mem.Pipe()
				defer far.Close()
				io.WriteString(far, c.answer)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := Dial(ctx, &wire.Remote{
					Address: "server", Logger: slog.New(slog.DiscardHandler),
					Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
				})
				assert.Equal(t, curlew.CodeOf(err), c.code, err)
				assert.Contains(t, err.Error(), c.text)
				assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.NotSent)
			})
		})
	}
}

// The table of the server may shrink and grow again.
func TestTableSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		p.decoder.SetAllowedMaxDynamicTableSize(4096)
		id := uint32(1)
		for _, size := range []uint32{4096, 0, 64, 300, 1 << 20, 100, 4096} {
			p.frame(frameSettings, 0, 0, settingsPayload(settingHeaderTableSize, 0, settingHeaderTableSize, size))
			synctest.Wait()
			for range 3 {
				r := request(0)
				r.Fields = wire.Fields{{Name: "x-same", Value: "same"}, {Name: "x-other", Value: strings.Repeat("o", int(id))}}
				x, err := transport.Do(t.Context(), r)
				assert.NoError(t, err)
				assert.NoError(t, x.CloseWrite())
				fields := p.fields(p.expect(frameHeaders, id))
				assert.Equal(t, fields["x-same"], "same")
				assert.Equal(t, len(fields["x-other"]), int(id))
				x.Reset(nil)
				p.reset(id)
				id += 2
			}
		}
	})
}

// Numbers of streams run out; then there is another connection.
func TestNumbersRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		transport.c.nextID = maxStreamID
		x := begin(t, transport, p, maxStreamID)
		<-transport.Draining()
		p.respond(maxStreamID, flagEndStream, ":status: 200")
		_, _, err := x.Response(t.Context())
		assert.NoError(t, err)
	})
}
