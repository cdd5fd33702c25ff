// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// each runs f for every dialect; unary tells that f makes unary calls, which
// Connect makes otherwise.
func each(t *testing.T, unary bool, f func(t *testing.T, p *dialect)) {
	for _, p := range dialects() {
		if unary && p.name == "connect" {
			continue
		}
		t.Run(p.name, func(t *testing.T) { f(t, &p) })
	}
}

func TestServeKinds(t *testing.T) {
	long := strings.Repeat("curlew", 10_000)
	for name, test := range map[string]struct {
		method string
		in     []string
		want   []string
	}{
		"unary":              {"Echo", []string{"curlew"}, []string{"curlew"}},
		"empty unary":        {"Echo", []string{""}, []string{""}},
		"long unary":         {"Echo", []string{long}, []string{long}},
		"server stream":      {"Letters", []string{"ab"}, []string{strings.Repeat("a", 1500), strings.Repeat("b", 1500)}},
		"empty stream":       {"Letters", []string{""}, nil},
		"client stream":      {"Join", []string{"a", "", "b"}, []string{"ab"}},
		"nothing joined":     {"Join", nil, []string{""}},
		"bidi":               {"Parrot", []string{"a", long, "", "b"}, []string{"a", long, "", "b"}},
		"nothing to parrot":  {"Parrot", nil, nil},
		"by an escaped path": {"%45cho", []string{"x"}, []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, strings.Contains(test.method, "cho"), func(t *testing.T, p *dialect) {
				x := p.call(test.method, texts(test.in...))
				p.serve(t, x)
				got := p.result(t, x)
				assert.True(t, got.err == nil, got.err)
				assert.Equal(t, got.replies, test.want)
				assert.Equal(t, x.fields.Get("content-type"), p.mediaType+"+proto")
				assert.Equal(t, x.fields.Get(p.accept), "gzip")
				assert.Equal(t, x.fields.Get(p.encoding), "")
				assert.True(t, x.attached != nil, "the call is attached")
			})
		})
	}
}

// TestServeInPieces: a body may come in any pieces, a base64 one too.
func TestServeInPieces(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			x := p.call("Join", texts("a", strings.Repeat("b", 5000), "", "c"))
			x.body = wrap(x.body)
			p.serve(t, x)
			assert.Equal(t, p.result(t, x).replies, []string{"a" + strings.Repeat("b", 5000) + "c"})
		}
	})
}

// TestServeAlone looks at the whole of the response to a call that has nothing
// to tell beside its reply.
func TestServeAlone(t *testing.T) {
	for _, p := range dialects() {
		x := p.call("Echo", texts("curlew"))
		switch p.name {
		case "grpc":
			p.serve(t, x)
			assert.Equal(t, x.fields, wire.Fields{{Name: "content-type", Value: "application/grpc+proto"}, {Name: "grpc-accept-encoding", Value: "gzip"}})
			assert.Equal(t, x.reply.String(), texts("curlew"))
			assert.Equal(t, x.trailers, wire.Fields{{Name: "grpc-status", Value: "0"}})
		case "grpcweb":
			p.serve(t, x)
			assert.Equal(t, x.reply.String(), texts("curlew")+envelope(0x80, "grpc-status: 0\r\n"))
		case "grpcweb text":
			p.serve(t, x)
			assert.Equal(t, x.reply.String(), base64.StdEncoding.EncodeToString([]byte(texts("curlew")+envelope(0x80, "grpc-status: 0\r\n"))))
		case "connect":
			x = p.call("Join", texts("curlew"))
			p.serve(t, x)
			assert.Equal(t, x.reply.String(), texts("curlew")+envelope(2, "{}"))
		}
	}
}

func TestServeMetadata(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		for _, method := range []string{"Meta", "Letters"} {
			if method == "Meta" && p.name == "connect" {
				continue
			}
			x := p.call(method, texts("a"), "x-bird", "curlew", "x-egg-bin", "AP8=", "x-bird", "whimbrel")
			p.serve(t, x)
			got := p.result(t, x)
			assert.True(t, got.err == nil, got.err)
			assert.Equal(t, x.fields[2:], wire.Fields{
				{Name: "x-bird", Value: "curlew"}, {Name: "x-egg-bin", Value: "AP8"}, {Name: "x-bird", Value: "whimbrel"},
			})
			assert.Equal(t, got.trailers.Get("x-bird-too-bin"), "Y3VybGV3")
			assert.Equal(t, got.trailers.Get("x-egg-bin-too-bin"), "AP8")
		}
	})
}

// TestServeBadMetadata: what cannot be sent is the handler's error, and the
// client gets to know it.
func TestServeBadMetadata(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		for value, want := range map[string]string{"bad header": `header "connection"`, "bad trailer": `header "grpc-status"`, "huge trailer": "MaxHeader"} {
			x := p.call("Letters", texts(value))
			p.serve(t, x)
			got := p.result(t, x)
			assert.Equal(t, got.err.Code(), curlew.Internal, value)
			assert.Contains(t, got.err.Message(), want)
		}
	})
}

func TestServeError(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		for in, replies := range map[string]int{"!": 0, "ab!": 2} {
			x := p.call("Letters", texts(in))
			p.serve(t, x)
			got := p.result(t, x)
			assert.Equal(t, len(got.replies), replies)
			assert.Equal(t, got.err.Code(), curlew.FailedPrecondition)
			assert.Equal(t, got.err.Message(), "no bird: 100 %\n")
			assert.Equal(t, len(got.err.Details()), 1)
		}
	})
}

// TestTrailersOnly: gRPC tells an error in the head alone, but only if there is
// no header which would be taken for a trailer then.
func TestTrailersOnly(t *testing.T) {
	p := dialects()[0]
	x := p.call("Fail", texts(""))
	p.serve(t, x)
	assert.Equal(t, x.fields.Get("grpc-status"), "9")
	assert.Equal(t, len(x.trailers), 0)

	x = p.call("Meta", texts("fail"), "x-bird", "curlew")
	p.serve(t, x)
	assert.Equal(t, x.fields.Get("grpc-status"), "")
	assert.Equal(t, x.fields.Get("x-bird"), "curlew")
	assert.Equal(t, x.trailers.Get("grpc-status"), "10")
	assert.Equal(t, x.trailers.Get("x-bird-too-bin"), "Y3VybGV3")
}

func TestServeRefuses(t *testing.T) {
	huge := strings.Repeat("x", 4<<20)
	for name, test := range map[string]struct {
		method, body string
		fields       []string
		code         curlew.Code
		says         string
	}{
		"no request":           {"Letters", "", nil, curlew.Unimplemented, "a server_stream call needs a request, and none came"},
		"no unary request":     {"Echo", "", nil, curlew.Unimplemented, "a unary call needs a request"},
		"two requests":         {"Letters", texts("a", "b"), nil, curlew.Unimplemented, "has one request, and more came"},
		"two unary requests":   {"Echo", texts("a", "b"), nil, curlew.Unimplemented, "has one request, and more came"},
		"cut head":             {"Join", "\x00\x00", nil, curlew.Internal, "ends inside the head of a message"},
		"cut message":          {"Join", texts("curlew")[:9], nil, curlew.Internal, "after 4 of its 8 bytes"},
		"cut second":           {"Letters", texts("a") + "\x00", nil, curlew.Internal, "ends inside the head of a message"},
		"not protobuf":         {"Join", envelope(0, "\xff\xff"), nil, curlew.InvalidArgument, "decode the request as proto"},
		"unknown flags":        {"Join", envelope(4, ""), nil, curlew.Internal, "flags 0x4"},
		"the end of a stream":  {"Join", envelope(2, "{}"), nil, curlew.Internal, "flags 0x2"},
		"compressed by naught": {"Join", envelope(1, "x"), nil, curlew.Internal, "names no compression"},
		"not gzip":             {"Join", envelope(1, "x"), []string{"ENCODING", "gzip"}, curlew.InvalidArgument, "gzip: "},
		"unknown encoding":     {"Join", "", []string{"ENCODING", "br"}, curlew.Unimplemented, `"br" is not known; known here: gzip, identity`},
		"too large":            {"Join", texts(huge), nil, curlew.ResourceExhausted, "is larger than the 4194304"},
		"too large a length":   {"Join", "\x00\xff\xff\xff\xff", nil, curlew.ResourceExhausted, "message of 4294967295 bytes"},
		"too large by gzip":    {"Join", envelope(1, gzipped(texts(huge))), []string{"ENCODING", "gzip"}, curlew.ResourceExhausted, "more than 4194304 inflated"},
		"large for the method": {"Short", texts("more than ten"), nil, curlew.ResourceExhausted, "message of 15 bytes is larger than the 12"},
		"large reply":          {"Short", texts("nine char"), nil, curlew.OK, ""},
		"bad timeout":          {"Join", "", []string{"TIMEOUT", "x"}, curlew.InvalidArgument, "timeout"},
		"bad binary header":    {"Join", "", []string{"x-bin", "!"}, curlew.InvalidArgument, "x-bin"},
		"huge header":          {"Join", "", []string{"x", strings.Repeat("x", 16<<10)}, curlew.ResourceExhausted, "more than the 16384 allowed"},
		"panic":                {"Panic", texts(""), nil, curlew.Internal, "panic in handler"},
		"types of another":     {"Pair", "", nil, curlew.Unimplemented, "Bird/Pair as proto"},
	} {
		t.Run(name, func(t *testing.T) {
			unary := slices.Contains([]string{"Echo", "Short", "Panic"}, test.method)
			each(t, unary, func(t *testing.T, p *dialect) {
				fields := slices.Clone(test.fields)
				for i := range fields {
					switch fields[i] {
					case "ENCODING":
						fields[i] = p.encoding
					case "TIMEOUT":
						fields[i], fields[i+1] = p.timeout(fields[i+1])
					}
				}
				x := p.call(test.method, test.body, fields...)
				p.serve(t, x)
				got := p.result(t, x)
				assert.Equal(t, curlew.CodeOf(orNil(got.err)), test.code, got.err)
				if got.err != nil {
					assert.Contains(t, got.err.Message(), test.says)
				}
				assert.Equal(t, x.fields.Get(p.accept), "gzip", "it is told what is taken")
			})
		})
	}
}

func orNil(e *curlew.Error) error {
	if e == nil {
		return nil
	}
	return e
}

func gzipped(s string) string {
	b, err := compress.Gzip().Compress(nil, []byte(s))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestServeUnknown(t *testing.T) {
	for _, p := range dialects() {
		if p.name == "connect" { // 404; it has tests of its own
			continue
		}
		for path, says := range map[string]string{"/Bird/Sing": "unknown method", "/Fish/Swim": "known here: Bird", "/x": "not of the form", "": "not of the form"} {
			x := p.call("Echo", texts("x"))
			x.request.Path = path
			p.serve(t, x)
			got := p.result(t, x)
			assert.Equal(t, got.err.Code(), curlew.Unimplemented)
			assert.Contains(t, got.err.Message(), says)
		}
	}
}

// TestServeLongError: an error that no field would hold is told in part.
func TestServeLongError(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		d := birds(t)
		long := strings.Repeat("curlew ", 10_000)
		assert.NoError(t, d.Register(curlew.NewService("Other", curlew.BidiStream("Talk", func(context.Context, curlew.Bidi[Text, Text]) error {
			return curlew.NewError(curlew.Aborted, long)
		}))))
		x := p.call("Talk", "")
		x.request.Path = "/Other/Talk"
		p.serveOn(t, x, d)
		got := p.result(t, x)
		assert.Equal(t, got.err.Code(), curlew.Aborted)
		assert.Equal(t, len(got.err.Message()) < 16<<10, p.name == "grpc", "where it stands in a head")
	})
}

// TestServeNoCall: what is no call of the protocol's is answered as HTTP does.
func TestServeNoCall(t *testing.T) {
	for _, p := range dialects() {
		if p.name == "connect" {
			continue
		}
		x := p.call("Echo", texts("x"))
		x.request.Method = "DELETE"
		p.serve(t, x)
		assert.Equal(t, x.status, 405)
		assert.Equal(t, x.fields.Get("allow"), "POST")
		assert.Contains(t, x.reply.String(), "not by DELETE")

		x = p.call("Echo", texts("x"))
		x.request.Fields[0].Value = p.mediaType + "+xml"
		p.serve(t, x)
		assert.Equal(t, x.status, 415)
		assert.Contains(t, x.fields.Get("accept-post"), p.mediaType+"+proto")
		assert.Contains(t, x.reply.String(), `+xml" is not known; known here: `)
		assert.True(t, x.ended, "it has an end")
	}
	p := dialects()[0]
	x := p.call("Echo", texts("x"))
	x.request.Major, x.request.Minor = 1, 1
	p.serve(t, x)
	assert.Equal(t, x.status, 505)
	assert.Contains(t, x.reply.String(), "grpc needs HTTP/2, and this request came over HTTP/1.1")
}

func TestMatch(t *testing.T) {
	codecs := []curlew.Codec{proto.New()}
	g, web := grpc.NewServer(codecs), grpcweb.NewServer(codecs)
	for mediaType, want := range map[string][2]wire.Match{
		"application/grpc":                            {wire.Yes, wire.No},
		"Application/gRPC; charset=utf-8":             {wire.Yes, wire.No},
		"application/grpc+proto":                      {wire.Yes, wire.No},
		"application/grpc+xml":                        {wire.Yes, wire.No},
		"application/grpc-web":                        {wire.No, wire.Yes},
		"application/grpc-web+proto":                  {wire.No, wire.Yes},
		"application/grpc-web-text":                   {wire.No, wire.Yes},
		"application/grpcurl":                         {wire.No, wire.No},
		"application/proto":                           {wire.No, wire.No},
		"":                                            {wire.No, wire.No},
		"text/plain; x=application/grpc":              {wire.No, wire.No},
		"application/x-www-form-urlencoded;grpc=grpc": {wire.No, wire.No},
	} {
		r := &wire.HTTPRequest{Method: "POST", Path: "/x/y", Fields: wire.Fields{{Name: "content-type", Value: mediaType}}}
		assert.Equal(t, [2]wire.Match{g.Match(r, nil), web.Match(r, nil)}, want, mediaType)
	}
	assert.Equal(t, g.Name()+" "+web.Name(), "grpc grpcweb")
	var _ httpwire.Prompt = web
}

// TestServeBareType: a content type without a codec means protobuf.
func TestServeBareType(t *testing.T) {
	for _, p := range dialects()[:3] {
		x := p.call("Echo", texts("x"))
		x.request.Fields[0].Value = strings.ToUpper(p.mediaType) + " ; a=b"
		p.serve(t, x)
		assert.Equal(t, p.result(t, x).replies, []string{"x"})
		assert.Equal(t, x.fields.Get("content-type"), p.mediaType)

		x = p.call("Echo", texts("x"))
		x.request.Fields[0].Value = p.mediaType
		p.server([]curlew.Codec{json.New()}).Serve(t.Context(), x, birds(t))
		assert.Equal(t, x.status, 415, "there is no protobuf")
	}
}

func TestServeJSON(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		x := p.call("Join", envelope(0, `{"Value":"a"}`)+envelope(0, `{"Value":"b"}`))
		x.request.Fields[0].Value = p.mediaType + "+json"
		p.serve(t, x)
		assert.Equal(t, x.fields.Get("content-type"), p.mediaType+"+json")
		assert.Equal(t, string(p.messages(t, x)[0].bytes), `{"Value":"ab"}`)
	})
}

// TestServeCompressed: replies are compressed as the requests are, if that pays.
func TestServeCompressed(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		in, err := proto.New().Append(nil, &Text{"ab"})
		assert.NoError(t, err)
		for accepted, want := range map[string]bool{"gzip": true, "identity,gzip;q=1": true, "": true, "identity": false, "br": false} {
			x := p.call("Letters", envelope(1, gzipped(string(in))), p.encoding, "gzip", p.accept, accepted)
			p.serve(t, x)
			got := p.result(t, x)
			assert.Equal(t, got.replies, []string{strings.Repeat("a", 1500), strings.Repeat("b", 1500)})
			assert.Equal(t, got.packed, []bool{want, want}, accepted)
		}
		x := p.call("Parrot", texts("x")+envelope(1, ""), p.encoding, "gzip")
		p.serve(t, x)
		got := p.result(t, x)
		assert.Equal(t, got.replies, []string{"x", ""})
		assert.Equal(t, got.packed, []bool{false, false}, "small replies")

		x = p.call("Letters", texts("a"), p.accept, "gzip", p.encoding, "identity")
		p.serve(t, x)
		assert.Equal(t, p.result(t, x).packed, []bool{false}, "that a client could take it so is no wish")
	})
}

func TestServeReplyTooLarge(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		x := p.call("Join", texts("curlew"))
		x.request.Limits.MaxSend = 5
		p.serve(t, x)
		got := p.result(t, x)
		assert.Equal(t, got.err.Code(), curlew.ResourceExhausted)
		assert.Contains(t, got.err.Message(), "message of 8 bytes is larger than the 5 that may be sent")
	})
}

// TestServeFlushes: a header that is sent, and every message of a stream, go out
// at once.
func TestServeFlushes(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		r, w := io.Pipe()
		x := p.call("Parrot", "")
		x.body = r
		send := func(s string) {
			if p.text {
				s = base64.StdEncoding.EncodeToString([]byte(s))
			}
			_, err := io.WriteString(w, s)
			assert.NoError(t, err)
		}
		seen := make(chan int)
		go func() {
			defer close(seen)
			for i := range 3 {
				send(texts("curlew"))
				seen <- i
			}
			w.Close()
		}()
		d := birds(t)
		served := make(chan struct{})
		go func() {
			defer close(served)
			p.serveOn(t, x, d)
		}()
		for range seen {
		}
		<-served
		assert.Equal(t, x.flushes, 4, "the header and three messages")
		assert.Equal(t, len(p.result(t, x).replies), 3)
		assert.True(t, x.flushed < x.reply.Len() || p.name == "grpc", "the end is behind the last flush")
	})
}

func TestServeTimeout(t *testing.T) {
	for _, p := range dialects()[:3] {
		synctest.Test(t, func(t *testing.T) {
			for millis, want := range map[string]time.Duration{"1500": 1500 * time.Millisecond, "0": 0} {
				field, value := p.timeout(millis)
				x := p.call("Wait", texts(""), field, value)
				begin := time.Now()
				p.serve(t, x)
				assert.Equal(t, time.Since(begin), want)
				assert.Equal(t, p.result(t, x).err.Code(), curlew.DeadlineExceeded)
			}
		})
	}
}

// TestServeCanceled: when the client has gone, the handler is told why.
func TestServeCanceled(t *testing.T) {
	each(t, true, func(t *testing.T, p *dialect) {
		synctest.Test(t, func(t *testing.T) {
			x := p.call("Wait", texts(""))
			d := birds(t)
			served := make(chan struct{})
			go func() {
				defer close(served)
				p.serveOn(t, x, d)
			}()
			synctest.Wait()
			x.attached.Cancel(curlew.NewError(curlew.Canceled, "the client has gone"))
			<-served
			assert.Equal(t, p.result(t, x).err.Message(), "the client has gone")
		})
	})
}

func TestServeBrokenRequest(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		x := p.call("Join", "")
		x.body = iotest.ErrReader(errBroken)
		p.serve(t, x)
		got := p.result(t, x)
		assert.Equal(t, got.err.Code(), curlew.Canceled)
		assert.Contains(t, got.err.Message(), "the request broke off: broken pipe")
	})
}

func TestServeReplyThatCannotBeSent(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		for _, method := range []string{"Observe", "Stream"} {
			var ended, sent error
			d := birds(t)
			observe := func(ctx context.Context) {
				curlew.CallFrom(ctx).OnEnd(func(err error) { ended = err })
			}
			assert.NoError(t, d.Register(curlew.NewService("Other",
				curlew.ClientStream("Observe", func(ctx context.Context, in curlew.Receiver[Text]) (*Text, error) {
					observe(ctx)
					return new(Text), nil
				}),
				curlew.BidiStream("Stream", func(ctx context.Context, s curlew.Bidi[Text, Text]) error {
					observe(ctx)
					sent = s.Send(ctx, new(Text))
					return sent
				}),
			)))
			x := p.call(method, "")
			x.request.Path = "/Other/" + method
			x.broken = errBroken
			p.serveOn(t, x, d)
			assert.True(t, x.reset != nil, "the exchange is reset")
			assert.ErrorIs(t, ended, errBroken)
			assert.Equal(t, curlew.CodeOf(ended), curlew.Canceled)
			assert.True(t, method == "Observe" || errors.Is(sent, errBroken), "Send fails")
		}
	})
}

// TestSendFails: what a handler gets to know when its client has gone, or its own
// time is up.
func TestSendFails(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		var sent, header, over error
		d := birds(t)
		assert.NoError(t, d.Register(curlew.NewService("Other", curlew.BidiStream("Talk", func(ctx context.Context, s curlew.Bidi[Text, Text]) error {
			header = curlew.CallFrom(ctx).SendHeader(ctx)
			sent = s.Send(ctx, new(Text))
			over = s.Send(ended, new(Text))
			return nil
		}))))
		x := p.call("Talk", "")
		x.request.Path = "/Other/Talk"
		x.late = errBroken
		p.serveOn(t, x, d)
		for _, err := range []error{header, sent} {
			assert.ErrorIs(t, err, errBroken)
			assert.ErrorIs(t, err, curlew.Canceled)
			assert.Contains(t, err.Error(), "a reply was not sent")
		}
		assert.ErrorIs(t, over, context.Canceled)
		assert.True(t, !errors.Is(over, errBroken), "it is the context that tells why")
	})
}

// TestReceiveGoesOn: a Receive that its context has ended can be tried again,
// also between the one request and the end of the body.
func TestReceiveGoesOn(t *testing.T) {
	each(t, false, func(t *testing.T, p *dialect) {
		d := birds(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		assert.NoError(t, d.Register(curlew.NewService("Other", curlew.NewMethod("Twice", curlew.KindServerStream,
			curlew.Handler(func(ctx context.Context, call *curlew.Call) error {
				var in []byte
				for _, ctx := range []context.Context{ended, ctx, ended} {
					var m Text
					switch err := call.Stream().Receive(ctx, &m); {
					case err == nil:
						in = append(in, m.Value...)
					case err == io.EOF, errors.Is(err, context.Canceled):
					default:
						return err
					}
				}
				return call.Stream().Send(ctx, &Text{string(in)})
			})))))
		x := p.call("Twice", texts("curlew"))
		x.request.Path = "/Other/Twice"
		p.serveOn(t, x, d)
		assert.Equal(t, p.result(t, x).replies, []string{"curlew"})
	})
}

func TestTextIsChecked(t *testing.T) {
	p := dialects()[2]
	for body, want := range map[string]curlew.Code{
		"!!!!": curlew.InvalidArgument, "AAAAAA": curlew.Internal, "AAAAAAA=": curlew.OK, "AAAAAAE=": curlew.Internal,
		"AA==AA==AAAA": curlew.OK, // each piece has its own padding
		"AA=A":         curlew.InvalidArgument,
	} {
		x := p.call("Join", "")
		x.body = strings.NewReader(body)
		p.serve(t, x)
		assert.Equal(t, curlew.CodeOf(orNil(p.result(t, x).err)), want, body)
	}
}

// FuzzServer checks that every request gets exactly one response, one that its
// protocol understands.
func FuzzServer(f *testing.F) {
	d := birds(f)
	for i := range dialects() {
		f.Add(i, "Join", "grpc-timeout", "9S", texts("a", "b"))
		f.Add(i, "Letters", "grpc-encoding", "gzip", envelope(1, gzipped("\x0a\x01a")))
		f.Add(i, "Parrot", "x-egg-bin", "AP8", texts("a")[:3])
		f.Add(i, "Echo", "te", "trailers", texts("", ""))
	}
	f.Fuzz(func(t *testing.T, which int, method, name, value, body string) {
		all := dialects()
		p := &all[uint(which)%uint(len(all))]
		x := p.call(method, body, name, value)
		s := p.server([]curlew.Codec{json.New(), proto.New()})
		if s.Match(&x.request, d) == wire.No || strings.Contains(x.request.Path, "Wait") || strings.Contains(x.request.Path, "Panic") {
			return
		}
		if p.text {
			x.body = strings.NewReader(body)
		}
		s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		if x.status == 0 || !x.ended || x.reset != nil {
			t.Fatalf("no response: %+v", x)
		}
		if x.status == 200 && strings.HasPrefix(x.fields.Get("content-type"), p.mediaType) {
			p.outcome(t, x, p.messages(t, x))
		}
	})
}
