// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// TestFullDuplex: replies arrive while the request is still being sent.
func TestFullDuplex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Flush()
			buf := make([]byte, 100)
			for {
				n, err := x.Read(ctx, buf)
				if n > 0 {
					x.Write(ctx, buf[:n])
					x.Flush()
				}
				if err != nil {
					assert.Equal(t, err, io.EOF)
					x.End(nil, wire.Fields{{Name: "x-end", Value: "now"}})
					return
				}
			}
		}))).dial()
		for range 2 { // the connection can be used again
			p.send("POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n")
			head := ""
			for !strings.HasSuffix(head, "\r\n\r\n") {
				line, err := p.r.ReadString('\n')
				assert.NoError(t, err)
				head += line
			}
			assert.Contains(t, head, "Transfer-Encoding: chunked")
			assert.True(t, !strings.Contains(head, "Content-Type"), "the type is not guessed")
			for _, word := range []string{"one", "two", "six"} {
				p.send("3\r\n" + word + "\r\n")
				echo := make([]byte, len("3\r\none\r\n"))
				_, err := io.ReadFull(p.r, echo)
				assert.NoError(t, err)
				assert.Equal(t, string(echo), "3\r\n"+word+"\r\n")
			}
			p.send("0\r\n\r\n")
			end := make([]byte, len("0\r\nX-End: now\r\n\r\n"))
			_, err := io.ReadFull(p.r, end)
			assert.NoError(t, err)
			assert.Equal(t, string(end), "0\r\nX-End: now\r\n\r\n")
		}
	})
}

// TestTrailersNotAskedFor: a client that did not say that it takes trailers
// gets none.
func TestTrailersNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Flush()
			x.End(nil, wire.Fields{{Name: "x-end", Value: "now"}})
		}))).dial()
		p.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		response, _ := p.response()
		assert.Equal(t, len(response.Trailer), 0)
	})
}

// TestUnreadBody: a body that nobody reads is never taken for a request, and
// nobody waits for it.
func TestUnreadBody(t *testing.T) {
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	medium, large := strings.Repeat("x", 9_000), strings.Repeat("x", 100_000)
	for name, test := range map[string]struct {
		early, late string // of the request, before and after the response
		keeps       bool   // the connection
	}{
		"small, there":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n" + smuggled, "", true},
		"chunked, there":        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n" + smuggled + "\r\n0\r\n\r\n", "", true},
		"late":                  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n", smuggled, false},
		"half of it":            {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\nx", smuggled, false},
		"chunked, half of it":   {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", "23\r\n" + smuggled + "\r\n0\r\n\r\n", false},
		"medium, there":         {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" + medium, "", true},
		"large, there":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + large, "", false},
		"chunked, large":        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + large + "\r\n0\r\n\r\n", "", false},
		"promised, never there": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n", "", false},
		"waits to be asked":     {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\nExpect: 100-continue\r\n\r\n", "", false},
	} {
		for how, with := range map[string]struct{ flush, attach bool }{
			"response at once": {}, "response in parts": {true, false}, "read ahead": {false, true}, "read ahead, response in parts": {true, true},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var paths []string
					r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
						paths = append(paths, x.Request().Path)
						if with.attach {
							x.Attach(new(wire.Incoming))
						}
						x.Respond(403, nil)
						if with.flush {
							x.Flush()
						}
						x.Write(ctx, []byte("no"))
						x.End(nil, nil)
					})))
					p := r.dial()
					go io.WriteString(p, test.early) // more than is read, it may be
					begin := time.Now()
					response, body := p.response()
					assert.Equal(t, response.StatusCode, 403)
					assert.Equal(t, body, "no")
					assert.True(t, time.Since(begin) <= 50*time.Millisecond, "the response waits for ", time.Since(begin))
					if test.late != "" {
						io.WriteString(p, test.late)
					}
					io.WriteString(p, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
					if !test.keeps {
						assert.True(t, with.flush || response.Close, "the response says that the connection is closed")
						p.gone()
						assert.Equal(t, paths, []string{"/"})
						return
					}
					_, body = p.response()
					assert.Equal(t, body, "no")
					assert.Equal(t, paths, []string{"/", "/next"})
				})
			})
		}
	}
}

// TestReadEndsWithItsContext: the response can still be sent, and the next
// request is not hit.
func TestReadEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			body, err := readAll(ctx, x)
			if err != nil {
				_, again := x.Read(context.Background(), make([]byte, 1))
				assert.True(t, again != nil && again != io.EOF, "reading on fails")
				answer(x, 504, body+": "+err.Error())
				return
			}
			answer(x, 200, body)
		})))
		p := r.dial()
		begin := time.Now()
		p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
		response, body := p.response()
		assert.Equal(t, response.StatusCode, 504)
		assert.Equal(t, body, "half: context deadline exceeded")
		assert.Equal(t, time.Since(begin), time.Second)
		p.gone()

		p = r.dial()
		for range 3 {
			p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwhole")
			_, body := p.response()
			assert.Equal(t, body, "whole")
			<-after(2 * time.Second)
		}
	})
}

func TestReset(t *testing.T) {
	reason := errors.New("enough")
	for name, test := range map[string]func(ctx context.Context, x wire.Exchange){
		"before the response": func(ctx context.Context, x wire.Exchange) { x.Reset(reason) },
		"after a part of it": func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Write(ctx, []byte("part"))
			x.Flush()
			x.Reset(reason)
		},
		"while another reads": func(ctx context.Context, x wire.Exchange) {
			go func() {
				<-after(time.Second)
				x.Reset(reason)
				x.Reset(nil)
			}()
			_, err := x.Read(ctx, make([]byte, 1))
			assert.ErrorIs(t, err, reason)
		},
		"while another writes": func(ctx context.Context, x wire.Exchange) {
			go func() {
				<-after(time.Second)
				x.Reset(reason)
			}()
			x.Respond(200, nil)
			for err := error(nil); err == nil; {
				_, err = x.Write(ctx, make([]byte, 64<<10))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan wire.Exchange, 1)
				p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
					test(ctx, x)
					for _, err := range []error{x.Respond(200, nil), x.Flush(), x.End(nil, nil)} {
						assert.ErrorIs(t, err, reason, "after a reset")
					}
					over <- x
				}))).dial()
				p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
				(<-over).Reset(errors.New("too late"))
				rest, _ := io.ReadAll(p.r)
				assert.True(t, !strings.HasSuffix(string(rest), "0\r\n\r\n"), "the response has a proper end: ", len(rest))
			})
		})
	}
}

// TestResetTooLate: an exchange that is over does not reach into the next one
// on its connection.
func TestResetTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first wire.Exchange
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			if first == nil {
				first = x
			} else {
				first.Reset(errors.New("too late"))
			}
			body, err := readAll(ctx, x)
			assert.NoError(t, err)
			answer(x, 200, body)
		}))).dial()
		for range 2 {
			p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			<-after(time.Second)
			p.send("hello")
			_, body := p.response()
			assert.Equal(t, body, "hello")
		}
	})
}

// TestNoGuesses: a response has the type that it is given, or none.
func TestNoGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, nil)
			x.Write(ctx, []byte("<html>"))
			x.End(nil, nil)
		}))).dial()
		p.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		response, body := p.response()
		assert.Equal(t, body, "<html>")
		assert.Equal(t, response.Header["Content-Type"], nil)
	})
}

func TestHTTP10(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			answer(x, 200, strings.Repeat("x", 100_000))
		}))).dial()
		p.send("GET / HTTP/1.0\r\n\r\n")
		_, body := p.response()
		assert.Equal(t, len(body), 100_000)
		p.gone()
	})
}
