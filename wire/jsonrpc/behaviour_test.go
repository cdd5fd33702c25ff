// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

func text(ctx context.Context, s wire.Session, in string, opts ...curlew.CallOption) (string, error) {
	out := ""
	err := wire.NewCaller(s).Invoke(ctx, curlew.Unary[string, string]("Test/Text", nil), &in, &out, opts...)
	return out, err
}

func TestOneWay(t *testing.T) {
	for _, v := range []jsonrpc.Version{jsonrpc.Version1, jsonrpc.Version2} {
		synctest.Test(t, func(t *testing.T) {
			began, release := make(chan string, 1), make(chan struct{})
			r := serve(t, wire.Limits{}, curlew.NewService("Test", curlew.Unary("Text", func(_ context.Context, in *string) (*string, error) {
				began <- *in
				<-release
				return nil, curlew.NewError(curlew.Aborted, "nobody hears this")
			})))
			s := r.session(v, wire.Limits{})
			done := make(chan error, 1)
			go func() {
				_, err := text(t.Context(), s, "news", curlew.OneWay())
				done <- err
			}()
			assert.Equal(t, <-began, "news")
			if v == jsonrpc.Version2 { // a notification
				assert.NoError(t, <-done)
				close(release)
			} else { // an answer is awaited
				synctest.Wait()
				assert.Equal(t, len(done), 0)
				close(release)
				facts(t, <-done, curlew.Unknown, curlew.OriginServer, curlew.Answered)
			}
			synctest.Wait()
			assert.Equal(t, s.Capacity(), 1024)
		})
	}
}

func TestOneWayThatCannotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe() // nobody reads at the far end
		s := connect(t, jsonrpc.Version2, &wire.Remote{Address: "somewhere", Dial: dialer(near)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := text(ctx, s, strings.Repeat("x", 300_000), curlew.OneWay())
		facts(t, err, curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent)
		done := make(chan error, 1)
		go func() {
			_, err := text(t.Context(), s, "x", curlew.OneWay())
			done <- err
		}()
		synctest.Wait()
		far.Reset()
		facts(t, <-done, curlew.Unavailable, curlew.OriginTransport, curlew.NotSent)
	})
}

// TestHalfClose: who closes its side after the last request gets the answers
// that come soon.
func TestHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		causes := make(chan error, 1)
		r := serve(t, wire.Limits{}, curlew.NewService("Test",
			curlew.Unary("Soon", func(context.Context, *string) (*string, error) {
				<-time.After(grace / 2)
				return new(string), nil
			}),
			curlew.Unary("Late", func(ctx context.Context, _ *string) (*string, error) {
				<-ctx.Done()
				causes <- context.Cause(ctx)
				return nil, ctx.Err()
			}),
		))
		begin := time.Now()
		got := r.say(`{"jsonrpc":"2.0","id":1,"method":"Soon"}{"jsonrpc":"2.0","id":2,"method":"Late"}`)
		assert.Equal(t, normal(t, got), normal(t, `{"jsonrpc":"2.0","id":1,"result":""}{"jsonrpc":"2.0","id":2,"error":{"code":-32001}}`))
		assert.Equal(t, time.Since(begin), grace)
		assert.Contains(t, fmt.Sprint(<-causes), "the client closed the connection")
	})
}

// grace is how long calls may go on after the client has closed its side.
const grace = time.Second

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, release := make(chan struct{}), make(chan struct{})
		r := serve(t, wire.Limits{}, curlew.NewService("Test", curlew.Unary("Text", func(_ context.Context, in *string) (*string, error) {
			close(began)
			<-release
			return in, nil
		})))
		busy, idle := r.session(jsonrpc.Version2, wire.Limits{}), r.session(jsonrpc.Version2, wire.Limits{})
		done := make(chan error, 1)
		go func() {
			_, err := text(t.Context(), busy, "in flight")
			done <- err
		}()
		<-began
		synctest.Wait()
		r.source.Drain()
		synctest.Wait()
		assert.Equal(t, len(done), 0)
		close(release)
		assert.NoError(t, <-done)
		<-busy.Draining()
		<-idle.Draining() // it had said nothing, so its handshake had to run out
		assert.NoError(t, <-r.served)
		r.served <- nil
	})
}

func TestHostileAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		code   curlew.Code
		origin curlew.Origin
		want   string
	}{
		"nothing":                    {``, curlew.Unavailable, curlew.OriginTransport, "closed by the server"},
		"half an answer":             {`{"jsonrpc":"2.0","id":1`, curlew.Unavailable, curlew.OriginTransport, "unexpected EOF"},
		"no JSON":                    {`HTTP/1.1 400 Bad Request`, curlew.Unavailable, curlew.OriginTransport, "begins with { or ["},
		"a key twice":                {`{"jsonrpc":"2.0","id":1,"id":1,"result":""}`, curlew.Unavailable, curlew.OriginTransport, "is there twice"},
		"no UTF-8":                   {"{\"id\":1,\"result\":\"\xff\"}", curlew.Unavailable, curlew.OriginTransport, "not UTF-8"},
		"an id of no call's":         {`{"jsonrpc":"2.0","id":"x","result":""}`, curlew.Unavailable, curlew.OriginTransport, `the id "x"`},
		"no id":                      {`{"jsonrpc":"2.0","result":""}`, curlew.Unavailable, curlew.OriginTransport, "none of ours"},
		"somebody else's":            {`{"jsonrpc":"2.0","id":99,"result":""}`, curlew.Unavailable, curlew.OriginTransport, "closed by the server"},
		"an error of no call's":      {`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}`, curlew.Internal, curlew.OriginServer, "somewhere: what?"},
		"neither result nor error":   {`{"jsonrpc":"2.0","id":1}`, curlew.Internal, curlew.OriginLocal, "neither a result nor an error"},
		"a call":                     {`{"jsonrpc":"2.0","id":1,"method":"x"}`, curlew.Unavailable, curlew.OriginTransport, "closed by the server"},
		"a wrong type":               {`{"jsonrpc":"2.0","id":1,"result":5}`, curlew.Internal, curlew.OriginLocal, "cannot unmarshal number"},
		"an error as a text":         {`{"id":1,"result":null,"error":"no"}`, curlew.Unknown, curlew.OriginServer, "no"},
		"an error without a text":    {`{"id":1,"result":null,"error":""}`, curlew.Unknown, curlew.OriginServer, "unspecified error"},
		"an error as a number":       {`{"id":1,"error":5}`, curlew.Unknown, curlew.OriginServer, "error 5"},
		"an error as another object": {`{"id":1,"error":{"code":"x"}}`, curlew.Unknown, curlew.OriginServer, `error {"code":"x"}`},
		"an error of a number":       {`{"id":1,"error":{"code":-32601,"message":"none"}}`, curlew.Unimplemented, curlew.OriginServer, "none"},
		"an error of a range":        {`{"id":1,"error":{"code":-32005,"message":"none"}}`, curlew.NotFound, curlew.OriginServer, "none"},
		"an error beyond the range":  {`{"id":1,"error":{"code":-32017,"message":"none"}}`, curlew.Unknown, curlew.OriginServer, "none"},
		"an error of an application": {`{"id":1,"error":{"code":1001,"message":"none"}}`, curlew.Unknown, curlew.OriginServer, "none"},
		"an error with a code":       {`{"id":1,"error":{"code":1,"message":"none","data":{"code":"aborted"}}}`, curlew.Aborted, curlew.OriginServer, "none"},
		"a batch":                    {`[{"id":99,"result":""},{"id":1,"error":"no"}]`, curlew.Unknown, curlew.OriginServer, "no"},
		"an answer too large":        {`{"result":"` + strings.Repeat("x", 20_000) + `","id":1}`, curlew.ResourceExhausted, curlew.OriginLocal, "more than the 1000"},
		"an answer much too large":   {`{"result":"` + strings.Repeat("x", 200_000) + `","id":1}`, curlew.Unavailable, curlew.OriginTransport, "more than the 1000"},
		"nobody's, too large":        {`{"id":[1],"result":"` + strings.Repeat("x", 20_000) + `"}`, curlew.Unavailable, curlew.OriginTransport, "none of ours"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mem.Pipe()
				s := connect(t, jsonrpc.Version2, &wire.Remote{
					Address: "somewhere", Dial: dialer(near), Limits: wire.Limits{MaxReceive: 1000, MaxHeader: 100, MaxBuffered: 100_000},
				})
				go func() {
					_, _ = far.Read(make([]byte, 1000))
					_, _ = far.Write([]byte(test.answer))
					_ = far.CloseWrite()
				}()
				_, err := text(t.Context(), s, "x")
				e := assert.ErrorAs[*curlew.Error](t, err)
				assert.Equal(t, e.Code(), test.code, e)
				assert.Equal(t, e.Origin(), test.origin, e)
				assert.Contains(t, strings.ReplaceAll(e.Message(), "mem:b", "somewhere"), test.want)
			})
		})
	}
}

// TestForeignErrors: what a server puts into its errors is not lost.
func TestForeignErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		s := connect(t, jsonrpc.Version2, &wire.Remote{Address: "somewhere", Dial: dialer(near)})
		const object = `{"code":1001,"message":"none","data":{"why":[1,2]}}`
		go func() {
			_, _ = far.Read(make([]byte, 1000))
			_, _ = far.Write([]byte(`{"jsonrpc":"2.0","id":1,"error":` + object + `}`))
		}()
		_, err := text(t.Context(), s, "x")
		details := assert.ErrorAs[*curlew.Error](t, err).Details()
		assert.Equal(t, len(details), 1)
		assert.Equal(t, details[0].TypeURL, jsonrpc.ForeignError)
		assert.Equal(t, string(details[0].Value), object)
		far.Close()
	})
}

func TestMatch(t *testing.T) {
	p := jsonrpc.New(jsonrpc.Version2)
	for text, want := range map[string]wire.Match{
		`{`: wire.Maybe, `{"`: wire.Yes, `{}`: wire.Yes, "{ \n\"": wire.Yes, " \t\r\n{\"": wire.Yes, `[`: wire.Maybe, `[{`: wire.Yes, `[]`: wire.Yes,
		`[ 1`: wire.Yes, ` `: wire.Maybe, strings.Repeat(" ", wire.MaxSniff): wire.No, "{" + strings.Repeat(" ", wire.MaxSniff-1): wire.No,
		"GET /": wire.No, "\x16\x03": wire.No, "PRI": wire.No, "\xc7": wire.No, `"`: wire.No, "1": wire.No, "": wire.Maybe,
		"{\x7f\x03": wire.No, "{\xff\x81": wire.No, "[\x7f\x03": wire.No, " \x7f\x03": wire.No, "\n\xff\x81": wire.No, // gobs
		"{x": wire.No, "[x": wire.No, "{{": wire.No,
	} {
		assert.Equal(t, p.Match([]byte(text)), want, fmt.Sprintf("%q", text))
	}
}

// FuzzServer feeds a server with bytes: it must end, and hold nothing.
func FuzzServer(f *testing.F) {
	f.Add([]byte(`{"method":"Arith.Multiply","params":[{"A":7,"B":8}],"id":3}`))
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":[1,"n",2,["t"]]},{"jsonrpc":"2.0","method":"Test.Text"}]{"a":1}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"x","method":"proto.Messages/Double","params":["1.5s"]} garbage`))
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(f, err)
	assert.NoError(f, d.Register(services(f)...))
	f.Cleanup(func() { assert.NoError(f, d.Shutdown(context.Background())) })
	f.Fuzz(func(t *testing.T, stream []byte) {
		if strings.Contains(string(stream), "Wait") {
			return // it does
		}
		near, far := mem.Pipe()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			_, _ = io.Copy(io.Discard, near)
		}()
		go func() {
			_, _ = near.Write(stream)
			_ = near.CloseWrite()
		}()
		_ = jsonrpc.New(jsonrpc.Version2).Serve(t.Context(), &wire.Conn{
			Raw: far, Peer: new(curlew.Peer), Logger: slog.New(slog.DiscardHandler),
			Limits: wire.Limits{MaxReceive: 10_000, MaxStreams: 4, MaxBuffered: 50_000}.WithDefaults(),
		}, d)
		<-drained
		near.Close()
	})
}

// FuzzClient feeds a client with answers.
func FuzzClient(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":"x"}{"id":2,"result":null,"error":"no"}`))
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"m","data":{"code":"aborted","details":[{"type":"t","value":"AA=="}]}}}]`))
	f.Fuzz(func(t *testing.T, stream []byte) {
		near, far := mem.Pipe()
		s, err := jsonrpc.New(jsonrpc.Version2).Connect(t.Context(), &wire.Remote{
			Address: "somewhere", Dial: dialer(near), Limits: wire.Limits{MaxReceive: 10_000, MaxBuffered: 50_000},
		})
		assert.NoError(t, err)
		go func() {
			_, _ = far.Read(make([]byte, 1))
			_, _ = far.Write(stream)
			_ = far.CloseWrite()
		}()
		for range 2 {
			_, _ = text(t.Context(), s, "x")
		}
		far.Close()
		s.Close(nil)
	})
}
