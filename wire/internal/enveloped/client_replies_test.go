// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// ended returns how a call of each protocol that has sent messages ends.
func ended(mediaType string, end string, messages ...string) answer {
	a := answer{fields: fields("content-type", mediaType+"+json")}
	for _, m := range messages {
		a.body += envelope(0, m)
	}
	switch mediaType {
	case asGRPC:
		for line := range strings.Lines(end) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			a.trailers.Add(name, value)
		}
	case asWeb:
		a.body += envelope(0x80, end)
	default:
		a.body += envelope(2, end)
	}
	return a
}

// reply is an answer and what becomes of it.
type reply struct {
	answer   answer
	kind     curlew.Kind
	code     curlew.Code // OK: it is well
	says     string
	texts    []string // before that
	origin   curlew.Origin
	progress curlew.Progress
}

func (test *reply) check(t *testing.T, mediaType string, piece int) {
	tr := &transport{answer: test.answer, piece: piece}
	m := map[curlew.Kind]*curlew.Method{
		curlew.KindUnary: echo(), curlew.KindClientStream: upload(), curlew.KindServerStream: download(), curlew.KindBidi: chat(),
	}[test.kind]
	s := open(t, t.Context(), session(t, mediaType, tr), m)
	texts, err := all(t.Context(), s)
	assert.Equal(t, texts, test.texts)
	if test.code == curlew.OK {
		assert.NoError(t, err)
		return
	}
	e := assert.ErrorAs[*curlew.Error](t, err)
	assert.Equal(t, e.Code(), test.code, err)
	assert.Contains(t, e.Message(), test.says)
	assert.Equal(t, e.Origin(), test.origin, err)
	assert.Equal(t, e.Progress(), test.progress, err)
	assert.Equal(t, s.Receive(t.Context(), new(Text)), err, "it stays that way")
	assert.Equal(t, len(tr.exchange.resets), 1)
}

// TestClientReplies: whatever a server answers has an outcome that says what
// was wrong.
func TestClientReplies(t *testing.T) {
	const server, answered = curlew.OriginServer, curlew.Answered
	unary, up, down := curlew.KindUnary, curlew.KindClientStream, curlew.KindServerStream
	good := map[string]string{asGRPC: "grpc-status: 0", asWeb: "grpc-status: 0\r\n", asConnect: "{}"}
	bad := map[string]string{
		asGRPC: "grpc-status: 9\r\ngrpc-message: 50%25 of it", asWeb: "Grpc-Status: 9\r\ngRPC-Message: 50%25 of it\r\n",
		asConnect: `{"error":{"code":"failed_precondition","message":"50% of it"}}`,
	}
	for mediaType, end := range good {
		typed := fields("content-type", mediaType+"+json")
		common := map[string]reply{
			"well":                        {answer: ended(mediaType, end, one), kind: up, texts: []string{"one"}},
			"well, many":                  {answer: ended(mediaType, end, one, two, one), kind: down, texts: []string{"one", "two", "one"}},
			"well, none":                  {answer: ended(mediaType, end), kind: down},
			"an error":                    {ended(mediaType, bad[mediaType]), up, curlew.FailedPrecondition, "50% of it", nil, server, answered},
			"an error after a reply":      {ended(mediaType, bad[mediaType], one), up, curlew.FailedPrecondition, "50% of it", nil, server, answered},
			"an error after replies":      {ended(mediaType, bad[mediaType], one, two), down, curlew.FailedPrecondition, "50% of it", []string{"one", "two"}, server, answered},
			"no reply":                    {ended(mediaType, end), up, curlew.Unimplemented, "without a reply", nil, 0, answered},
			"two replies":                 {ended(mediaType, end, one, two), up, curlew.Unimplemented, "more than the one reply", nil, 0, answered},
			"no end":                      {answer{fields: typed, body: envelope(0, one)}, down, curlew.Internal, "it ends without", []string{"one"}, 0, answered},
			"nothing":                     {answer{fields: typed}, down, curlew.Internal, "it ends without", nil, 0, answered},
			"cut in a message":            {answer{fields: typed, body: envelope(0, one) + envelope(0, two)[:9]}, down, curlew.Internal, "inside a message", []string{"one"}, 0, answered},
			"cut in its head":             {answer{fields: typed, body: envelope(0, one) + envelope(0, two)[:3]}, down, curlew.Internal, "inside the head", []string{"one"}, 0, answered},
			"too large":                   {answer{fields: typed, body: "\x00\x7f\xff\xff\xff"}, down, curlew.ResourceExhausted, "2147483647", nil, 0, answered},
			"unknown flags":               {answer{fields: typed, body: envelope(0x40, one)}, down, curlew.Internal, "0x40", nil, 0, answered},
			"compressed without a name":   {answer{fields: typed, body: envelope(1, one)}, down, curlew.Internal, "compressed", nil, 0, answered},
			"another content type":        {answer{fields: fields("content-type", "image/jpeg"), body: "x"}, up, curlew.Unknown, "image/jpeg", nil, 0, answered},
			"another codec":               {answer{fields: fields("content-type", mediaType+"+proto")}, up, curlew.Internal, "+proto", nil, 0, answered},
			"a content type that goes on": {answer{fields: fields("content-type", mediaType+"x+json")}, up, curlew.Unknown, "x+json", nil, 0, answered},
			"a type with parameters":      {answer: answer{fields: fields("content-type", mediaType+"+JSON; charset=utf-8"), body: ended(mediaType, end).body, trailers: ended(mediaType, end).trailers}, kind: down},
			"a proxy's page":              {answer{status: 503, fields: fields("content-type", "text/html"), body: "<html>no"}, up, curlew.Unavailable, "<html>no", nil, server, 0},
			"a page that breaks off":      {answer{status: 404, body: "part", broken: errors.New("no")}, up, curlew.Unimplemented, "part", nil, server, 0},
			"a status that is none":       {answer{status: 800}, up, curlew.Unknown, "800", nil, server, 0},
			"a bad header":                {answer{fields: append(typed[:1:1], wire.Field{Name: "x-bin", Value: "!"})}, up, curlew.Internal, "x-bin", nil, 0, answered},
			"a header that is too large":  {answer{fields: append(typed[:1:1], wire.Field{Name: "x", Value: strings.Repeat("x", 20_000)})}, up, curlew.ResourceExhausted, "header", nil, 0, answered},
		}
		for name, test := range common {
			for _, piece := range []int{0, 1, 7} {
				t.Run(mediaType+"/"+name, func(t *testing.T) { test.check(t, mediaType, piece) })
				if test.kind == up && mediaType != asConnect { // whose unary calls look different
					test.kind = unary
					t.Run(mediaType+"/"+name+", unary", func(t *testing.T) { test.check(t, mediaType, piece) })
					test.kind = up
				}
			}
		}
	}
}

// TestClientRepliesOfGRPC: what only gRPC and gRPC-Web can get wrong.
func TestClientRepliesOfGRPC(t *testing.T) {
	const server, answered = curlew.OriginServer, curlew.Answered
	up, down := curlew.KindClientStream, curlew.KindServerStream
	with := func(mediaType string, namesAndValues ...string) wire.Fields {
		return append(fields("content-type", mediaType+"+json"), fields(namesAndValues...)...)
	}
	for _, mediaType := range []string{asGRPC, asWeb} {
		for name, test := range map[string]reply{
			"trailers only": {answer{fields: with(mediaType, "grpc-status", "9", "grpc-message", "no")}, up, curlew.FailedPrecondition, "no", nil, server, answered},
			"trailers only, of another HTTP status": {answer{status: 500, fields: with(mediaType, "grpc-status", "9", "grpc-message", "no")}, up,
				curlew.FailedPrecondition, "no", nil, server, answered},
			"trailers only, well":           {answer: answer{fields: with(mediaType, "grpc-status", "0")}, kind: down},
			"trailers only, without reply":  {answer{fields: with(mediaType, "grpc-status", "0")}, up, curlew.Unimplemented, "without a reply", nil, 0, answered},
			"no status":                     {ended(mediaType, "grpc-message: error\r\n"), up, curlew.Internal, "without a grpc-status", nil, 0, answered},
			"a status that is no number":    {ended(mediaType, "grpc-status: x\r\n"), up, curlew.Internal, "grpc-status", nil, server, answered},
			"a status that is unknown":      {ended(mediaType, "grpc-status: 99\r\n"), up, curlew.Unknown, "99", nil, server, answered},
			"a bad trailer":                 {ended(mediaType, "grpc-status: 0\r\nx-bin: !\r\n"), down, curlew.Internal, "x-bin", nil, 0, answered},
			"a bad trailer of an error":     {ended(mediaType, "grpc-status: 9\r\nx-bin: !\r\n"), down, curlew.FailedPrecondition, "", nil, server, answered},
			"a status in the head and body": {answer{fields: with(mediaType, "grpc-status", "9"), body: envelope(0, one)}, up, curlew.Internal, "without a grpc-status", nil, 0, answered},
			"proto without its name":        {answer{fields: fields("content-type", mediaType)}, up, curlew.Internal, "content type", nil, 0, answered},
		} {
			t.Run(mediaType+"/"+name, func(t *testing.T) { test.check(t, mediaType, 0) })
		}
	}
	both := answer{fields: with(asGRPC, "grpc-status", "8"), trailers: fields("grpc-status", "9", "x-end", "fog")}
	(&reply{both, up, curlew.FailedPrecondition, "", nil, server, answered}).check(t, asGRPC, 0)
	both = answer{fields: with(asWeb, "grpc-status", "8"), body: envelope(0x80, "grpc-status: 9\r\n")}
	(&reply{both, up, curlew.FailedPrecondition, "", nil, server, answered}).check(t, asWeb, 0)

	// What is in the head of such an answer is its trailer.
	s := open(t, t.Context(), session(t, asGRPC, &transport{answer: answer{fields: with(asGRPC, "grpc-status", "9", "x-end", "fog")}}), echo())
	assert.ErrorIs(t, s.Wait(t.Context()), curlew.FailedPrecondition)
	_, err := s.Header(t.Context())
	assert.ErrorIs(t, err, curlew.FailedPrecondition)
	assert.Equal(t, s.Trailer().Get("x-end"), "fog")
}

// TestClientRepliesInBody: what can be wrong with an end that is in the body.
func TestClientRepliesInBody(t *testing.T) {
	const server, answered = curlew.OriginServer, curlew.Answered
	up, down := curlew.KindClientStream, curlew.KindServerStream
	more := func(a answer, body string) answer {
		a.body += body
		return a
	}
	gzip := compress.Gzip()
	packed := func(text string) string {
		b, err := gzip.Compress(nil, []byte(text))
		assert.NoError(t, err)
		return string(b)
	}
	long := strings.Repeat("x", 10_000)
	for mediaType, tests := range map[string]map[string]reply{
		asWeb: {
			"goes on":         {more(ended(asWeb, "grpc-status: 0\r\n", one), envelope(0, two)), up, curlew.Internal, "goes on after its end", nil, 0, answered},
			"not fields":      {ended(asWeb, "x"), up, curlew.Internal, "no field", nil, 0, answered},
			"compressed":      {answer{fields: fields("content-type", asWeb+"+json", "grpc-encoding", "gzip"), body: envelope(0x81, packed("grpc-status: 9\r\n"))}, up, curlew.FailedPrecondition, "", nil, server, answered},
			"above the limit": {ended(asWeb, "grpc-status: 9\r\ngrpc-message: "+long+"\r\n"), up, curlew.FailedPrecondition, long, nil, server, answered},
			"cut off after":   {answer{fields: fields("content-type", asWeb+"+json"), body: envelope(0x80, "grpc-status: 9\r\n"), broken: io.ErrClosedPipe}, up, curlew.FailedPrecondition, "", nil, server, answered},
		},
		asConnect: {
			"goes on":           {more(ended(asConnect, "{}", one), envelope(0, two)), up, curlew.Internal, "goes on after its end", nil, 0, answered},
			"not JSON":          {ended(asConnect, "x"), up, curlew.Internal, "not understood", nil, 0, answered},
			"another object":    {ended(asConnect, `{"code":"out_of_range"}`), up, curlew.Unimplemented, "without a reply", nil, 0, answered},
			"no code":           {ended(asConnect, `{"error":{"message":"oops"}}`), down, curlew.Unknown, "oops", nil, server, answered},
			"compressed":        {answer{fields: fields("content-type", asConnect+"+json", "connect-content-encoding", "gzip"), body: envelope(3, packed(`{"error":{"code":"aborted"}}`))}, up, curlew.Aborted, "", nil, server, answered},
			"an error's status": {answer{status: 429, body: `{"message":"slowly"}`}, up, curlew.Unavailable, "slowly", nil, server, answered},
			"an error's code":   {answer{status: 401, body: `{"code":"aborted","message":"no"}`}, up, curlew.Aborted, "no", nil, server, answered},
		},
	} {
		for name, test := range tests {
			t.Run(mediaType+"/"+name, func(t *testing.T) { test.check(t, mediaType, 0) })
		}
	}
	// The limit on messages is not one on errors.
	for mediaType, end := range map[string]string{asWeb: "grpc-status: 10\r\ngrpc-message: " + long + "\r\n", asConnect: `{"error":{"code":"aborted","message":"` + long + `"}}`} {
		s := open(t, t.Context(), session(t, mediaType, &transport{answer: ended(mediaType, end)}), chat(), func(o *curlew.CallOptions) { o.MaxReceive = 10 })
		err := s.Receive(t.Context(), new(Text))
		assert.ErrorIs(t, err, curlew.Aborted)
		assert.Equal(t, curlew.ErrorOf(err).Message(), long)
	}
}

// FuzzClientReplies checks that a server can answer what it likes: every call
// has an outcome, the same however the answer is cut to pieces, and is released.
func FuzzClientReplies(f *testing.F) {
	for _, seed := range []string{
		envelope(0, one), envelope(0, one) + envelope(2, "{}"), envelope(0, one) + envelope(0x80, "grpc-status: 0\r\n"),
		envelope(1, one), envelope(3, ""), envelope(0x81, "x"), envelope(2, `{"error":{"code":"aborted"}}`), "\x00\x00\x00\x00\xff", "",
	} {
		f.Add([]byte(seed), "json", "0", 1, true)
	}
	f.Fuzz(func(t *testing.T, body []byte, codec, status string, piece int, trailers bool) {
		for _, mediaType := range []string{asGRPC, asWeb, asConnect} {
			for _, m := range []*curlew.Method{upload(), download()} {
				var first string
				for _, piece := range []int{0, max(1, piece)} {
					tr := &transport{answer: answer{fields: fields("content-type", mediaType+"+"+codec, "grpc-encoding", "gzip"), body: string(body)}, piece: piece}
					if trailers {
						tr.answer.trailers = fields("grpc-status", status)
					} else {
						tr.answer.fields.Add("grpc-status", status)
					}
					s := open(t, context.Background(), session(t, mediaType, tr), m)
					outcome := outcomeOf(s)
					if !slices.Contains([]string{"", outcome}, first) {
						t.Fatalf("%q is %s at once and %s in pieces", body, first, outcome)
					}
					first = outcome
					if len(tr.exchange.resets) != 1 {
						t.Fatalf("released %d times", len(tr.exchange.resets))
					}
					s.Close()
				}
			}
		}
	})
}

// outcomeOf receives to the end, also messages that cannot be decoded.
func outcomeOf(s curlew.Stream) string {
	var b strings.Builder
	for {
		var m Text
		err := s.Receive(context.Background(), &m)
		if err == io.EOF {
			return b.String() + "end"
		}
		if err != nil && !strings.Contains(err.Error(), ": decode a message of ") {
			return b.String() + err.Error()
		}
		b.WriteString(m.Value + ";")
	}
}
