// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// handler is an http.Handler as a [wire.HTTPProtocol]: it answers what belongs
// to no other.
type handler struct{ h http.Handler }

func (handler) Name() string { return "http" }

func (handler) Match(*wire.HTTPRequest, wire.Dispatcher) wire.Match { return wire.Yes }

func (h handler) Serve(ctx context.Context, x wire.Exchange, _ wire.Dispatcher) {
	r, err := request(ctx, x)
	if err != nil {
		x.Respond(http.StatusBadRequest, wire.Fields{{Name: "content-type", Value: "text/plain; charset=utf-8"}})
		x.End([]byte("400 bad request: "+err.Error()+"\n"), nil)
		return
	}
	w := &responseWriter{ctx: ctx, x: x, header: make(http.Header), isHead: r.Method == http.MethodHead, length: -1}
	defer func() {
		switch what := recover(); what {
		case nil:
		case http.ErrAbortHandler: // net/http logs none of it either
			x.Reset(curlew.NewError(curlew.Internal, "the handler gave up"))
		default:
			panic(what) // the engine's to log
		}
	}()
	h.h.ServeHTTP(w, r)
	w.end()
}

// request makes the request for a handler.
func request(ctx context.Context, x wire.Exchange) (*http.Request, error) {
	head := x.Request()
	target := head.Path
	if head.RawQuery != "" {
		target += "?" + head.RawQuery
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: head.Method, URL: u, RequestURI: target, Host: head.Authority,
		Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header, len(head.Fields)),
		Body: http.NoBody, ContentLength: head.Length,
	}
	for _, f := range head.Fields {
		key := textproto.CanonicalMIMEHeaderKey(f.Name)
		r.Header[key] = append(r.Header[key], f.Value)
	}
	if head.Length != 0 {
		r.Body = &requestBody{ctx, x}
	}
	if p := head.Peer; p != nil {
		r.TLS = p.TLS
		if p.Addr != nil {
			r.RemoteAddr = p.Addr.String()
		}
		if p.LocalAddr != nil {
			ctx = context.WithValue(ctx, http.LocalAddrContextKey, net.Addr(p.LocalAddr))
		}
	}
	return r.WithContext(ctx), nil
}

// requestBody is a request's body for a handler.
type requestBody struct {
	ctx context.Context
	x   wire.Exchange
}

func (b *requestBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return b.x.Read(b.ctx, p)
}

func (b *requestBody) Close() error { return nil }

// maxBuffered is how much of a response is kept back for lack of a Flush.
const maxBuffered = 4 << 10

// responseWriter is an http.ResponseWriter over an exchange. It belongs to one
// goroutine, as all of them do.
type responseWriter struct {
	ctx    context.Context
	x      wire.Exchange
	header http.Header
	head   http.Header // as it was when the status was given
	isHead bool
	status int   // 0: not given
	length int64 // content-length; -1: none
	body   int64 // bytes given
	sent   bool  // the head has been
	buf    []byte
	err    error
}

var (
	_ http.Flusher    = (*responseWriter)(nil)
	_ io.StringWriter = (*responseWriter)(nil)
)

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	if w.status != 0 || status < 200 { // interim responses are not sent
		return
	}
	w.status = status
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 63); err == nil && n >= 0 {
		w.length = n
	}
	w.head = w.header.Clone() // what is set from now on are trailers
}

// takesBody reports whether the response has one.
func (w *responseWriter) takesBody() bool {
	return !w.isHead && w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch w.body += int64(len(p)); {
	case w.isHead:
		return len(p), nil
	case !w.takesBody():
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.body > w.length:
		return 0, http.ErrContentLength
	}
	if len(w.buf)+len(p) <= maxBuffered {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	w.flush()
	if w.err == nil {
		_, w.err = w.x.Write(w.ctx, p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

func (w *responseWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	if w.flush(); w.err == nil {
		w.err = w.x.Flush()
	}
	return w.err
}

// flush writes what is kept back, after the head.
func (w *responseWriter) flush() {
	w.sendHead(nil)
	if len(w.buf) > 0 && w.err == nil {
		_, w.err = w.x.Write(w.ctx, w.buf)
		w.buf = w.buf[:0]
	}
}

// sendHead gives the response's head. all is the whole body, if it is known.
func (w *responseWriter) sendHead(all *int) {
	if w.sent {
		return
	}
	w.sent = true
	h := w.head
	if _, ok := h["Content-Type"]; !ok && len(w.buf) > 0 && h.Get("Content-Encoding") == "" {
		h["Content-Type"] = []string{http.DetectContentType(w.buf)}
	}
	if all != nil && w.length < 0 && w.takesBody() && (w.status == http.StatusOK || *all > 0) && len(w.trailers()) == 0 {
		h["Content-Length"] = []string{strconv.Itoa(*all)}
	}
	if _, ok := h["Date"]; !ok {
		h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	}
	fields := make(wire.Fields, 0, len(h))
	for _, key := range slices.Sorted(maps.Keys(h)) {
		if strings.HasPrefix(key, http.TrailerPrefix) || w.declared(key) {
			continue
		}
		for _, value := range h[key] {
			fields.Add(key, value)
		}
	}
	w.err = w.x.Respond(w.status, fields)
}

// declared reports whether the handler has said that a field is a trailer.
func (w *responseWriter) declared(key string) bool {
	for _, list := range w.head["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			if textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)) == key {
				return true
			}
		}
	}
	return false
}

// trailers are those that the handler has set by now.
func (w *responseWriter) trailers() wire.Fields {
	var fields wire.Fields
	for _, key := range slices.Sorted(maps.Keys(w.header)) {
		name, isTrailer := strings.CutPrefix(key, http.TrailerPrefix)
		if !isTrailer && !w.declared(key) {
			continue
		}
		for _, value := range w.header[key] {
			fields.Add(name, value)
		}
	}
	return fields
}

// end ends the response.
func (w *responseWriter) end() {
	w.WriteHeader(http.StatusOK)
	if !w.isHead && w.length >= 0 && w.body < w.length && w.takesBody() {
		w.x.Reset(curlew.NewError(curlew.Internal, errShort.Error()))
		return
	}
	n := len(w.buf)
	w.sendHead(&n)
	if w.err == nil {
		// That it was not sent is the client's doing.
		_ = w.x.End(w.buf, w.trailers())
	}
}

var errShort = errors.New("the handler wrote less than the content-length that it gave")
