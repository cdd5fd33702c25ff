// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"context"
	"net/http"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// eventStream is a call whose replies are Server-Sent Events (HTML Standard,
// section 9.2).
type eventStream struct {
	*call
	open bool // the response's head is sent
}

var _ wire.ServerStream = (*eventStream)(nil)

// SendHeader sends the head: from then on an error is an event.
func (s *eventStream) SendHeader(context.Context) error {
	if s.open {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	if err := s.sent(s.x.Flush()); err != nil {
		return err
	}
	return nil
}

// begin responds, but does not flush.
func (s *eventStream) begin() *curlew.Error {
	if s.open {
		return nil
	}
	fields, err := s.appendMetadata(nil, "", s.in.Call.ReplyHeader())
	if err != nil {
		return err
	}
	s.open = true
	fields.Add("content-type", eventsType)
	fields.Add("cache-control", "no-store")
	fields.Add("x-accel-buffering", "no") // tells nginx to pass events on at once
	return s.sent(s.x.Respond(http.StatusOK, fields))
}

// Send sends a reply as an event.
func (s *eventStream) Send(ctx context.Context, m any) error {
	event := bufpool.Get(0)
	defer event.Free()
	const head, tail = "data: ", "\n\n"
	var err error
	if event.B, err = s.route.appendReply(append(event.B, head...), m, s.server.codec); err != nil {
		return curlew.Errorf(curlew.Internal, "%s: encode a reply: %w", s.in.Target.Method.FullName(), err)
	}
	if size := len(event.B) - len(head); size > s.maxSend {
		return httpwire.TooLarge(strconv.Itoa(size), s.maxSend, true)
	}
	unbreak(event.B)
	event.B = append(event.B, tail...)
	if err := s.begin(); err != nil {
		return err
	}
	_, err = s.x.Write(ctx, event.B)
	if err == nil {
		err = s.x.Flush()
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return httpwire.ContextError(ctx)
	}
	return s.sent(err)
}

// unbreak makes one line of JSON whose codec uses several: outside of strings a
// line break is white space, and inside there is none.
func unbreak(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}

// Finish implements [wire.ServerStream]. An error before anything else is an
// answer with its own status, after which a browser does not try again.
func (s *eventStream) Finish(_ any, err *curlew.Error) *curlew.Error {
	if err != nil && !s.open {
		fields, _ := s.metadata()
		return s.fail(fields, err)
	}
	if invalid := s.begin(); invalid != nil {
		if !s.open {
			return s.fail(nil, invalid)
		}
		return invalid
	}
	trailers, invalid := s.appendMetadata(nil, "", s.in.Call.ReplyTrailer())
	if err == nil {
		err = invalid
	}
	if failed := s.sent(s.x.End(lastEvent(err, s.server.codec), trailers)); failed != nil {
		return failed
	}
	return err
}

// lastEvent is the event that ends a stream.
func lastEvent(err *curlew.Error, codec curlew.Codec) []byte {
	if err == nil {
		return []byte("event: end\ndata: {}\n\n")
	}
	event := appendStatus([]byte("event: error\ndata: "), err, codec)
	return append(event, "\n\n"...)
}
