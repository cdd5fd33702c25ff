// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// birds returns a dispatcher with services to call.
func birds(t testing.TB) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{Methods: map[string]dispatch.MethodConfig{"Bird/Short": {MaxReceive: 12, MaxSend: 20}}})
	assert.NoError(t, err)
	echo := func(_ context.Context, in *Text) (*Text, error) { return in, nil }
	assert.NoError(t, d.Register(curlew.NewService("Bird",
		curlew.Unary("Echo", echo),
		curlew.Unary("Short", func(_ context.Context, in *Text) (*Text, error) { return &Text{in.Value + in.Value}, nil }),
		curlew.Unary("Repeat", func(_ context.Context, in *Text) (*Text, error) { return &Text{strings.Repeat(in.Value, 2000)}, nil }),
		curlew.Unary("Fail", func(context.Context, *Text) (*Text, error) { return nil, failure(t) }),
		curlew.Unary("Meta", func(ctx context.Context, in *Text) (*Text, error) { return in, meta(ctx, in) }),
		curlew.Unary("Panic", func(context.Context, *Text) (*Text, error) { panic("a bug") }),
		curlew.Unary("Wait", func(ctx context.Context, _ *Text) (*Text, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}),
		curlew.ServerStream("Letters", func(ctx context.Context, in *Text, out curlew.Sender[Text]) error {
			if err := meta(ctx, in); err != nil {
				return err
			}
			for _, letter := range in.Value {
				if letter == '!' {
					return failure(t)
				}
				if err := out.Send(ctx, &Text{strings.Repeat(string(letter), 1500)}); err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.ClientStream("Join", func(ctx context.Context, in curlew.Receiver[Text]) (*Text, error) {
			var all strings.Builder
			for m, err := range in.All(ctx) {
				if err != nil {
					return nil, err
				}
				all.WriteString(m.Value)
			}
			return &Text{all.String()}, nil
		}),
		curlew.BidiStream("Parrot", func(ctx context.Context, s curlew.Bidi[Text, Text]) error {
			if err := curlew.CallFrom(ctx).SendHeader(ctx); err != nil {
				return err
			}
			for m, err := range s.All(ctx) {
				if err == nil {
					err = s.Send(ctx, m)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.BidiStream("Pair", func(ctx context.Context, s curlew.Bidi[Text, func()]) error { return nil }),
	)))
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	return d
}

// failure is an error with all that it can have.
func failure(t testing.TB) error {
	detail, err := curlew.NewDetail(durationpb.New(7))
	assert.NoError(t, err)
	return curlew.NewError(curlew.FailedPrecondition, "no bird: 100 %\n").WithDetails(detail)
}

// meta answers with the header that came, as header and trailer.
func meta(ctx context.Context, in *Text) error {
	call := curlew.CallFrom(ctx)
	for key, value := range call.Header().All() {
		if strings.HasPrefix(key, "x-") {
			call.ReplyHeader().Add(key, value)
			call.ReplyTrailer().Add(key+"-too-bin", value)
		}
	}
	switch in.Value {
	case "bad header":
		call.ReplyHeader().Add("connection", "close")
	case "bad trailer":
		call.ReplyTrailer().Add("grpc-status", "0")
	case "huge trailer":
		call.ReplyTrailer().Add("x", strings.Repeat("x", 16<<10))
	case "fail":
		return curlew.NewError(curlew.Aborted, "as told")
	}
	return nil
}

// exchange is a wire.Exchange with a request and a place for the response.
type exchange struct {
	request  wire.HTTPRequest
	body     io.Reader
	status   int
	fields   wire.Fields
	reply    bytes.Buffer
	flushed  int // how much of reply was, at the last Flush
	flushes  int
	trailers wire.Fields
	attached *wire.Incoming
	ended    bool
	reset    error
	broken   error // of what is sent
	late     error // the same, but for the head
}

func (x *exchange) Request() *wire.HTTPRequest { return &x.request }

func (x *exchange) Read(ctx context.Context, p []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return x.body.Read(p)
}

func (x *exchange) Respond(status int, fields wire.Fields) error {
	if x.status != 0 {
		panic("a second response")
	}
	x.status, x.fields = status, fields
	return x.broken
}

func (x *exchange) Write(_ context.Context, p []byte) (int, error) {
	if x.status == 0 || x.ended {
		panic("a body outside of the response")
	}
	n, _ := x.reply.Write(p)
	return n, cmp.Or(x.broken, x.late)
}

func (x *exchange) Flush() error {
	x.flushed = x.reply.Len()
	x.flushes++
	return cmp.Or(x.broken, x.late)
}

func (x *exchange) Reset(cause error)        { x.reset = cause }
func (x *exchange) Attach(in *wire.Incoming) { x.attached = in }

func (x *exchange) End(last []byte, trailers wire.Fields) error {
	if x.status == 0 || x.ended {
		panic("an end outside of the response")
	}
	x.reply.Write(last)
	x.ended, x.trailers = true, trailers
	return cmp.Or(x.broken, x.late)
}

// dialect is a protocol with what its tests must know.
type dialect struct {
	name      string
	server    func(codecs []curlew.Codec, c ...compress.Compressor) wire.HTTPProtocol
	mediaType string
	encoding  string
	accept    string
	timeout   func(millis string) (field, value string)
	text      bool
	// outcome takes the end from the messages.
	outcome func(t testing.TB, x *exchange, messages []message) ([]message, wire.Fields, *curlew.Error)
}

type message struct {
	flags byte
	bytes []byte
}

func dialects() []dialect {
	grpcTimeout := func(millis string) (string, string) { return "grpc-timeout", millis + "m" }
	web := func(c []curlew.Codec, z ...compress.Compressor) wire.HTTPProtocol { return grpcweb.NewServer(c, z...) }
	return []dialect{
		{
			name: "grpc", mediaType: "application/grpc", encoding: "grpc-encoding", accept: "grpc-accept-encoding", timeout: grpcTimeout,
			server:  func(c []curlew.Codec, z ...compress.Compressor) wire.HTTPProtocol { return grpc.NewServer(c, z...) },
			outcome: grpcOutcome,
		},
		{
			name: "grpcweb", mediaType: "application/grpc-web", encoding: "grpc-encoding", accept: "grpc-accept-encoding", timeout: grpcTimeout,
			server: web, outcome: webOutcome,
		},
		{
			name: "grpcweb text", mediaType: "application/grpc-web-text", encoding: "grpc-encoding", accept: "grpc-accept-encoding", timeout: grpcTimeout,
			server: web, outcome: webOutcome, text: true,
		},
		{
			name: "connect", mediaType: "application/connect", encoding: "connect-content-encoding", accept: "connect-accept-encoding",
			timeout: func(millis string) (string, string) { return "connect-timeout-ms", millis },
			server:  func(c []curlew.Codec, z ...compress.Compressor) wire.HTTPProtocol { return connect.NewServer(c, z...) },
			outcome: connectOutcome,
		},
	}
}

func dialectNamed(name string) *dialect {
	for _, p := range dialects() {
		if p.name == name {
			return &p
		}
	}
	panic(name)
}

func grpcOutcome(t testing.TB, x *exchange, messages []message) ([]message, wire.Fields, *curlew.Error) {
	trailers := x.trailers
	if len(trailers) == 0 { // Trailers-Only
		assert.Equal(t, x.reply.Len(), 0)
		trailers = x.fields
	}
	e, found := httpwire.ParseGRPCStatus(trailers)
	assert.True(t, found, "there is a status")
	return messages, trailers, e
}

func webOutcome(t testing.TB, x *exchange, messages []message) ([]message, wire.Fields, *curlew.Error) {
	last := messages[len(messages)-1]
	assert.Equal(t, last.flags, httpwire.FlagTrailer)
	assert.Equal(t, len(x.trailers), 0)
	trailers, err := httpwire.ParseWebTrailers(last.bytes)
	assert.NoError(t, err)
	e, found := httpwire.ParseGRPCStatus(trailers)
	assert.True(t, found, "there is a status")
	return messages[:len(messages)-1], trailers, e
}

func connectOutcome(t testing.TB, x *exchange, messages []message) ([]message, wire.Fields, *curlew.Error) {
	last := messages[len(messages)-1]
	assert.Equal(t, last.flags, httpwire.FlagEndStream)
	assert.Equal(t, len(x.trailers), 0)
	trailers, e, err := httpwire.ParseEndStream(last.bytes)
	assert.NoError(t, err)
	return messages[:len(messages)-1], trailers, e
}

// texts returns messages as a request's body.
func texts(values ...string) string {
	var all strings.Builder
	for _, value := range values {
		b, err := proto.New().Append(nil, &Text{value})
		if err != nil {
			panic(err)
		}
		all.WriteString(envelope(0, string(b)))
	}
	return all.String()
}

// call is a request with protobuf messages for a method of Bird's.
func (p *dialect) call(method, body string, fields ...string) *exchange {
	if p.text {
		body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	x := &exchange{body: strings.NewReader(body)}
	x.request = wire.HTTPRequest{
		Method: "POST", Path: "/Bird/" + method, Major: 2, Length: -1, Peer: &curlew.Peer{}, Limits: wire.Limits{}.WithDefaults(),
		Fields: wire.Fields{{Name: "content-type", Value: p.mediaType + "+proto"}},
	}
	for i := 0; i < len(fields); i += 2 {
		x.request.Fields.Add(fields[i], fields[i+1])
	}
	return x
}

// serve has a server answer x.
func (p *dialect) serve(t testing.TB, x *exchange) {
	t.Helper()
	p.serveOn(t, x, birds(t))
}

func (p *dialect) serveOn(t testing.TB, x *exchange, d *dispatch.Dispatcher) {
	t.Helper()
	s := p.server([]curlew.Codec{json.New(), proto.New()})
	assert.Equal(t, s.Match(&x.request, d), wire.Yes, "the request is the protocol's")
	s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
}

// result is what came of a call.
type result struct {
	replies  []string // the values of the messages
	packed   []bool   // which were compressed
	trailers wire.Fields
	err      *curlew.Error
}

// result reads the response.
func (p *dialect) result(t testing.TB, x *exchange) result {
	t.Helper()
	assert.Equal(t, x.status, 200, x.reply.String())
	assert.True(t, x.ended && x.reset == nil, "the response has its proper end")
	var got result
	messages, trailers, e := p.outcome(t, x, p.messages(t, x))
	got.trailers, got.err = trailers, e
	for _, m := range messages {
		plain := m.bytes
		if m.flags == httpwire.FlagCompressed {
			assert.Equal(t, x.fields.Get(p.encoding), "gzip")
			var err error
			plain, err = compress.Gzip().Decompress(nil, plain, 1<<20)
			assert.NoError(t, err)
		} else {
			assert.Equal(t, m.flags, 0)
		}
		var text Text
		assert.NoError(t, proto.New().Decode(plain, &text))
		got.replies, got.packed = append(got.replies, text.Value), append(got.packed, m.flags != 0)
	}
	return got
}

// messages splits the response's body.
func (p *dialect) messages(t testing.TB, x *exchange) []message {
	t.Helper()
	body := x.reply.Bytes()
	if p.text {
		body = decodePieces(t, string(body))
	}
	var messages []message
	var reader httpwire.EnvelopeReader
	from := &exchange{body: bytes.NewReader(body)}
	for {
		flags, m, err := reader.Next(t.Context(), from, 1<<20)
		if err == io.EOF {
			return messages
		}
		assert.NoError(t, err)
		messages = append(messages, message{flags, bytes.Clone(m.B)})
		m.Free()
	}
}

// decodePieces decodes base64 that is padded here and there.
func decodePieces(t testing.TB, text string) []byte {
	t.Helper()
	var all []byte
	for len(text) > 0 {
		group, err := base64.StdEncoding.DecodeString(text[:4])
		assert.NoError(t, err)
		all, text = append(all, group...), text[4:]
	}
	return all
}

var errBroken = errors.New("broken pipe")
