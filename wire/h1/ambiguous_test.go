// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// TestAmbiguousEnd: what follows a request whose end can be seen in two ways is
// no request. What follows another one is.
func TestAmbiguousEnd(t *testing.T) {
	const (
		head   = "POST /a HTTP/1.1\r\nHost: x\r\n"
		chunks = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
		next   = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	)
	for _, test := range []struct {
		name, sent string
		paths      string
	}{
		{"length", head + "Content-Length: 2\r\n\r\nab" + next, "/a /next"},
		{"chunks", head + chunks + next, "/a /next"},
		{"neither", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n" + next, "/a /next"},
		{"both", head + "Content-Length: 5\r\n" + chunks + next, "/a"},
		{"both, in another order and case", head + "transfer-encoding: chunked\r\ncoNTENT-length: 5\r\n\r\n0\r\n\r\n" + next, "/a"},
		{"chunks in HTTP/1.0", "POST /a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n" + chunks + next, "/a"},
		{"HTTP/1.0", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + next, "/a"},
	} {
		for _, step := range []int{1, len(test.sent)} {
			paths := make(chan string, 10)
			p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
				paths <- x.Request().Path
				_, err := readAll(ctx, x)
				assert.NoError(t, err)
				answer(x, 200, "ok")
			}))).dial()
			for i := 0; i < len(test.sent); i += step {
				p.Write([]byte(test.sent[i:min(i+step, len(test.sent))])) // fails once the server has closed
			}
			_, err := io.Copy(io.Discard, p.r)
			assert.NoError(t, err, test.name)
			close(paths)
			var got []string
			for path := range paths {
				got = append(got, path)
			}
			assert.Equal(t, strings.Join(got, " "), test.paths, test.name)
		}
	}
}

// TestAmbiguousLater: requests with a length and requests with chunks share a
// connection, until one has both.
func TestAmbiguousLater(t *testing.T) {
	const (
		head   = "POST / HTTP/1.1\r\nHost: x\r\n"
		length = "Content-Length: 0\r\n"
		chunks = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	)
	p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
		_, err := readAll(ctx, x)
		assert.NoError(t, err)
		answer(x, 200, "ok")
	}))).dial()
	for i, sent := range []string{head + length + "\r\n", head + chunks, head + length + "\r\n", head + chunks, head + length + chunks} {
		p.send(sent)
		response, _ := p.response()
		assert.Equal(t, response.Close, i == 4, i)
	}
	p.gone()
}

// TestMalformedBody: a body that is not what HTTP/1.1 calls chunks is the
// client's mistake, and says so; the client has not left.
func TestMalformedBody(t *testing.T) {
	for _, attached := range []bool{false, true} {
		for _, body := range []string{"zz\r\n{}\r\n0\r\n\r\n", "2\nab\r\n0\r\n\r\n", "2\r\nabX\r\n0\r\n\r\n", "10000000000000000\r\n"} {
			canceled := make(chan error, 1)
			p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
				in := &wire.Incoming{Context: ctx}
				if attached {
					x.Attach(in)
				}
				_, err := readAll(ctx, x)
				assert.Equal(t, curlew.CodeOf(err), curlew.InvalidArgument, body, err)
				canceled <- in.HandlerContext().Err()
				answer(x, 400, "bad")
			}))).dial()
			p.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
			response, _ := p.response()
			assert.Equal(t, response.StatusCode, 400)
			assert.Equal(t, <-canceled, nil)
			p.gone()
		}
	}
}
