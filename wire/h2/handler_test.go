// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// handle serves a handler and returns net/http's client of it.
func handle(t *testing.T, h http.HandlerFunc) (*rig, *http.Client) {
	r := serve(t, h2.New(nil, h2.WithHandler(h)), wire.Limits{})
	return r, r.client()
}

// What a handler sees of a request.
func TestHandlerRequest(t *testing.T) {
	_, c := handle(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.Host, r.Proto, r.ContentLength, r.Header["X-Two"], r.Header.Get("Cookie"))
	})
	request, err := http.NewRequest("PUT", "http://here/a%20b/c?d=e&f", strings.NewReader("body"))
	assert.NoError(t, err)
	request.Header["X-Two"] = []string{"one", "two"}
	request.AddCookie(&http.Cookie{Name: "k", Value: "v"})
	request.AddCookie(&http.Cookie{Name: "l", Value: "w"})
	response, err := c.Do(request)
	assert.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	assert.Equal(t, string(body), "PUT /a%20b/c?d=e&f /a b/c d=e&f here HTTP/2.0 4 [one two] k=v; l=w\n")
	assert.Equal(t, response.ContentLength, int64(len(body)))
	assert.Equal(t, response.Header.Get("Content-Type"), "text/plain; charset=utf-8")
	assert.Equal(t, response.Header.Get("Date") != "", true)
}

// How a handler answers.
func TestHandlerResponse(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		h      http.HandlerFunc
		check  func(r *http.Response, body string, err error)
	}{
		"nothing": {"GET", func(http.ResponseWriter, *http.Request) {}, func(r *http.Response, body string, err error) {
			assert.NoError(t, err)
			assert.Equal(t, r.StatusCode, 200)
			assert.Equal(t, r.ContentLength, int64(0))
		}},
		"no content": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			_, err := w.Write([]byte("x"))
			assert.ErrorIs(t, err, http.ErrBodyNotAllowed)
		}, func(r *http.Response, body string, err error) {
			assert.NoError(t, err)
			assert.Equal(t, r.StatusCode, 204)
		}},
		"a HEAD": {"HEAD", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write(make([]byte, 100))
		}, func(r *http.Response, body string, err error) {
			assert.NoError(t, err)
			assert.Equal(t, r.ContentLength, int64(100))
			assert.Equal(t, body, "")
		}},
		"a second status": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK)
		}, func(r *http.Response, body string, err error) {
			assert.NoError(t, err)
			assert.Equal(t, r.StatusCode, 418)
		}},
		"too much": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, err := io.WriteString(w, "four")
			assert.ErrorIs(t, err, http.ErrContentLength)
			io.WriteString(w, "abc")
		}, func(r *http.Response, body string, err error) {}},
		"too little": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "x")
		}, func(r *http.Response, body string, err error) {
			assert.Equal(t, err != nil, true)
		}},
		"a panic": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			panic("a bug")
		}, func(r *http.Response, body string, err error) {
			assert.Equal(t, err != nil, true)
		}},
		"an abort": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, func(r *http.Response, body string, err error) {
			assert.Equal(t, err != nil, true)
		}},
		"trailers": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Declared")
			io.WriteString(w, "x")
			w.Header().Set("X-Declared", "1")
			w.Header().Set(http.TrailerPrefix+"X-Other", "2")
			w.Header().Set("X-Late", "3") // too late for a field
		}, func(r *http.Response, body string, err error) {
			assert.NoError(t, err)
			assert.Equal(t, r.Trailer, http.Header{"X-Declared": {"1"}, "X-Other": {"2"}})
			assert.Equal(t, r.Header.Get("X-Late"), "")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rig, client := handle(t, c.h)
			request, err := http.NewRequest(c.method, "http://here/", nil)
			assert.NoError(t, err)
			response, err := client.Do(request)
			body := ""
			if err == nil {
				var b []byte
				b, err = io.ReadAll(response.Body)
				body = string(b)
				response.Body.Close()
			}
			c.check(response, body, err)
			assert.Equal(t, strings.Contains(rig.log.String(), "a bug"), name == "a panic", rig.log)
			again, err := client.Get("http://here/") // the connection lives on
			if err == nil {
				again.Body.Close()
			}
		})
	}
}

// A handler that sends piece by piece, until its client has gone.
func TestHandlerFlush(t *testing.T) {
	gone := make(chan error, 1)
	_, c := handle(t, func(w http.ResponseWriter, r *http.Request) {
		for i := 0; ; i++ {
			fmt.Fprintln(w, "line", i)
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				gone <- context.Cause(r.Context())
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	response, err := c.Get("http://here/")
	assert.NoError(t, err)
	lines := bufio.NewScanner(response.Body)
	for i := range 3 {
		assert.Equal(t, lines.Scan(), true)
		assert.Equal(t, lines.Text(), fmt.Sprint("line ", i))
	}
	response.Body.Close()
	assert.Contains(t, (<-gone).Error(), "client canceled")
}

// What belongs to nobody.
func TestNotFound(t *testing.T) {
	r := serve(t, h2.New(nil), wire.Limits{})
	response, err := r.client().Get("http://here/x")
	assert.NoError(t, err)
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	assert.Equal(t, response.StatusCode, 404)
	assert.Contains(t, string(body), `nothing here answers GET "/x"`)
}

func TestMatch(t *testing.T) {
	f := h2.New(nil)
	for prefix, want := range map[string]wire.Match{
		"P": wire.Maybe, "PRI": wire.Maybe, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": wire.Yes,
		"POST / HTTP/1.1": wire.No, "PRI * HTTP/1.1\r\n": wire.No, "\x16\x03\x01": wire.No,
	} {
		assert.Equal(t, f.Match([]byte(prefix)), want, prefix)
	}
	assert.Equal(t, f.Name(), "http/2")
	assert.Equal(t, f.ALPN(), []string{"h2"})
}
