// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestMillis(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "1": time.Millisecond, "5000": 5 * time.Second, "0000000007": 7 * time.Millisecond, "9999999999": 9999999999 * time.Millisecond,
	} {
		got, err := httpwire.ParseMillis(text)
		assert.NoError(t, err, text)
		assert.Equal(t, got, want, text)
	}
	for _, text := range []string{"", "-1", "+1", " 1", "1s", "1.5", "12345678901", "٣"} {
		_, err := httpwire.ParseMillis(text)
		assert.True(t, err != nil, text, "is no timeout")
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "0", 0: "0", 1: "1", time.Millisecond: "1", 1500 * time.Microsecond: "2", time.Hour: "3600000", 1 << 62: "9999999999",
	} {
		assert.Equal(t, httpwire.FormatMillis(d), want, d)
	}
}

func FuzzParseMillis(f *testing.F) {
	for _, seed := range []string{"", "0", "5000", "99999999999", "-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := httpwire.ParseMillis(text)
		if err != nil {
			return
		}
		if again, err := httpwire.ParseMillis(httpwire.FormatMillis(d)); err != nil || again != d {
			t.Fatalf("%q is %v, which is written as %q", text, d, httpwire.FormatMillis(d))
		}
	})
}

func TestStatus(t *testing.T) {
	// connectrpc.com/docs/protocol, "Error Codes".
	want := map[curlew.Code]int{
		0: 200, curlew.Canceled: 499, curlew.Unknown: 500, curlew.InvalidArgument: 400, curlew.DeadlineExceeded: 504, curlew.NotFound: 404,
		curlew.AlreadyExists: 409, curlew.PermissionDenied: 403, curlew.ResourceExhausted: 429, curlew.FailedPrecondition: 400,
		curlew.Aborted: 409, curlew.OutOfRange: 400, curlew.Unimplemented: 501, curlew.Internal: 500, curlew.Unavailable: 503,
		curlew.DataLoss: 500, curlew.Unauthenticated: 401,
	}
	assert.Equal(t, len(want), 17)
	for code, status := range want {
		assert.Equal(t, httpwire.Status(code), status, code)
	}
	// The same, "HTTP to Error Code".
	for status, code := range map[int]curlew.Code{
		400: curlew.Internal, 401: curlew.Unauthenticated, 403: curlew.PermissionDenied, 404: curlew.Unimplemented, 429: curlew.Unavailable,
		502: curlew.Unavailable, 503: curlew.Unavailable, 504: curlew.Unavailable, 200: curlew.Unknown, 302: curlew.Unknown, 418: curlew.Unknown, 500: curlew.Unknown,
	} {
		assert.Equal(t, httpwire.CodeOf(status), code, status)
	}
}

// reader is a Body.
type reader struct{ io.Reader }

func (r reader) Read(_ context.Context, p []byte) (int, error) { return r.Reader.Read(p) }

func TestReadAll(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		body   io.Reader
		length int64
		limit  int
		want   string // of the error
	}{
		"length known":             {strings.NewReader(text), 100_000, 100_000, ""},
		"length not known":         {strings.NewReader(text), -1, 100_000, ""},
		"no limit to speak of":     {strings.NewReader(text), -1, 1<<63 - 1, ""},
		"one byte at a time":       {iotest.OneByteReader(strings.NewReader(text)), -1, 100_000, ""},
		"end with the last byte":   {iotest.DataErrReader(strings.NewReader(text)), 100_000, 100_000, ""},
		"length above the limit":   {iotest.ErrReader(errors.New("not to be read")), 100_000, 99_999, "100000 bytes is larger than the 99999"},
		"contents above the limit": {strings.NewReader(text), -1, 99_999, "more than 99999 bytes is larger than the 99999"},
		"broken":                   {io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), -1, 10, "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			buf, err := httpwire.ReadAll(t.Context(), reader{test.body}, test.length, test.limit)
			defer buf.Free()
			if test.want != "" {
				assert.Contains(t, err.Error(), test.want)
				assert.True(t, cap(buf.B) < 1<<20, "not much is allocated")
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, string(buf.B), text)
		})
	}
	_, err := httpwire.ReadAll(t.Context(), reader{}, 11, 10)
	assert.ErrorIs(t, err, curlew.ResourceExhausted)
	assert.Contains(t, err.Error(), "MaxReceive")
}

func TestCompress(t *testing.T) {
	gzip := httpwire.OrGzip(nil)[0]
	text := []byte(strings.Repeat("curlew ", 100_000))
	packed := httpwire.Compress(gzip, text)
	assert.True(t, len(packed.B) < len(text)/10, "it is small")
	plain, err := httpwire.Inflate(gzip, packed.B, len(text))
	assert.NoError(t, err)
	assert.Equal(t, string(plain.B), string(text))
	plain.Free()
	for _, limit := range []int{len(text) - 1, 1000} {
		_, err = httpwire.Inflate(gzip, packed.B, limit)
		assert.ErrorIs(t, err, curlew.ResourceExhausted)
	}
	packed.Free()
	_, err = httpwire.Inflate(gzip, []byte("not gzip at all"), 100)
	assert.True(t, err != nil, "garbage")
	assert.True(t, httpwire.Compress(gzip, []byte("short")) == nil, "it does not pay")
}

func TestCompressors(t *testing.T) {
	c := httpwire.OrGzip(nil)
	assert.Equal(t, c.Names(), "gzip")
	assert.True(t, c.Named("br") == nil && c.Named("gzip") != nil, "by name")
	assert.True(t, c.Accepted("br") == nil && c.Accepted("") == nil && c.Accepted("br, gzip") != nil, "by what is accepted")
	assert.Equal(t, c.Unknown("br"), `the encoding "br" is not known; known here: gzip, identity`)
}

func TestAccepts(t *testing.T) {
	for field, want := range map[string]bool{
		"gzip": true, "br, gzip": true, "GZIP": true, "gzip;q=0.5": true, "gzip; q=1.0": true, "deflate,gzip ,br": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "x-gzip": false, "gzipped": false,
	} {
		assert.Equal(t, httpwire.Accepts(field, "gzip"), want, field)
	}
}

func TestError(t *testing.T) {
	detail, err := curlew.NewDetail(durationpb.New(time.Second))
	assert.NoError(t, err)
	sent := curlew.NewError(curlew.NotFound, "no \"bird\" ü\n").WithDetails(detail, curlew.Detail{TypeURL: "acme.example/x", Value: []byte{0xff}})
	text := httpwire.AppendError(nil, sent)
	assert.Equal(t, string(text), `{"code":"not_found","message":"no \"bird\" ü\n",`+
		`"details":[{"type":"google.protobuf.Duration","value":"CAE"},{"type":"acme.example/x","value":"/w"}]}`)
	got := httpwire.ParseError(text, 404, "here")
	assert.Equal(t, got.Code(), sent.Code())
	assert.Equal(t, got.Message(), sent.Message())
	assert.Equal(t, got.Details(), sent.Details())
	assert.Equal(t, got.Progress(), curlew.Answered)
	assert.Equal(t, string(httpwire.AppendError([]byte("x"), curlew.NewError(curlew.Aborted, ""))), `x{"code":"aborted"}`)
}

func TestParseError(t *testing.T) {
	for name, test := range map[string]struct {
		body    string
		status  int
		code    curlew.Code
		message string
		details int
	}{
		"code alone":           {`{"code":"aborted"}`, 409, curlew.Aborted, "", 0},
		"code above status":    {`{"code":"aborted","message":"x","debug":{"a":[1]}}`, 200, curlew.Aborted, "x", 0},
		"padded detail":        {`{"code":"aborted","details":[{"type":"a.B","value":"CA==","debug":{}}]}`, 409, curlew.Aborted, "", 1},
		"broken detail":        {`{"code":"aborted","details":[{"type":"a.B","value":"CA"},{"type":"a.B","value":"!"}]}`, 409, curlew.Aborted, "", 1},
		"too many details":     {`{"code":"aborted","details":[` + strings.Repeat(`{"type":"a.B","value":"CA"},`, 999) + `{"type":"a.B","value":"CA"}]}`, 409, curlew.Aborted, "", 64},
		"nothing":              {"", 503, curlew.Unavailable, `here answered with HTTP status 503 and nothing that Connect knows: ""`, 0},
		"a page":               {"<html>", 502, curlew.Unavailable, "<html>", 0},
		"a long page":          {strings.Repeat("x", 1000), 401, curlew.Unauthenticated, "x…", 0},
		"not UTF-8":            {"\xff", 404, curlew.Unimplemented, "\uFFFD", 0},
		"null code":            {`{"code":null}`, 400, curlew.Internal, "null", 0},
		"no code":              {`{}`, 403, curlew.PermissionDenied, "{}", 0},
		"code of no error":     {`{"code":"ok"}`, 500, curlew.Unknown, "ok", 0},
		"unknown code":         {`{"code":"moulting"}`, 500, curlew.Unknown, "moulting", 0},
		"message without code": {`{"message":"oops"}`, 401, curlew.Unauthenticated, "oops", 0},
		"message, null code":   {`{"code":null,"message":"oops"}`, 429, curlew.Unavailable, "oops", 0},
		"message, other code":  {`{"code":"foobar","message":"oops","details":[{"type":"a.B","value":"CA"}]}`, 404, curlew.Unimplemented, "oops", 1},
		"code of another type": {`{"code":5}`, 404, curlew.Unimplemented, "5", 0},
		"deeply nested":        {strings.Repeat("[", 1_000_000), 500, curlew.Unknown, "[[[", 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := httpwire.ParseError([]byte(test.body), test.status, "here")
			assert.Equal(t, e.Code(), test.code)
			assert.Contains(t, e.Message(), test.message)
			assert.Equal(t, len(e.Details()), test.details)
			assert.True(t, len(e.Message()) < 1000, "the message is short")
		})
	}
}

// FuzzParseError checks that nothing crashes, and that what is an error survives
// being sent on.
func FuzzParseError(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "<html>", `{"code":"aborted","message":"x","details":[{"type":"a.B","value":"CA"}]}`, `{"code":5}`, "[[[[", `{"code":"ok"}`,
	} {
		f.Add([]byte(seed), 500)
	}
	f.Fuzz(func(t *testing.T, b []byte, status int) {
		e := httpwire.ParseError(b, status, "here")
		if e.Code() == curlew.OK || !e.Code().Valid() {
			t.Fatalf("code %v", e.Code())
		}
		again := httpwire.ParseError(httpwire.AppendError(nil, e), httpwire.Status(e.Code()), "here")
		if again.Code() != e.Code() || again.Message() != e.Message() || len(again.Details()) != len(e.Details()) {
			t.Fatalf("%v was sent on as %v", e, again)
		}
	})
}

func TestContextError(t *testing.T) {
	reason := errors.New("the user has left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	e := httpwire.ContextError(ctx)
	assert.Equal(t, e.Code(), curlew.Canceled)
	assert.ErrorIs(t, e, reason)
	assert.Contains(t, e.Message(), reason.Error())

	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancelLate()
	assert.ErrorIs(t, httpwire.ContextError(late), context.DeadlineExceeded)
}

func TestClassify(t *testing.T) {
	known := curlew.NewError(curlew.NotFound, "x")
	assert.Equal(t, httpwire.Classify(known, curlew.Internal, "y"), known)
	e := httpwire.Classify(io.ErrUnexpectedEOF, curlew.Internal, "y")
	assert.Equal(t, e.Error(), "internal: y: unexpected EOF")
	assert.ErrorIs(t, e, io.ErrUnexpectedEOF)
}
