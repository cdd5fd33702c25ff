// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"github.com/curlewrpc/curlew"
)

// Names are sent once and then by number. A reference is 0 for a name that is
// spelled out and not remembered, the next free number for one that is spelled
// out and remembered under it, and a number given before for the name itself.
// Each direction has tables of its own; the order of frames is the order of
// definitions.

// staticNames are the header names that both sides know from the start, as
// numbers 1 to len(staticNames). Fixed by docs/protocol.md.
var staticNames = [...]string{
	"traceparent", "tracestate", "baggage", "authorization", "user-agent",
	"x-request-id", "b3", "content-type", "content-language", "idempotency-key",
}

// methodSender numbers the methods that this side calls.
type methodSender struct {
	ids map[*curlew.Method]uint64
}

// ref returns m's number and whether it has to be defined; 0 if the table is
// full.
func (s *methodSender) ref(m *curlew.Method) (id uint64, define bool) {
	if id, ok := s.ids[m]; ok {
		return id, false
	}
	if len(s.ids) >= maxMethods {
		return 0, true
	}
	if s.ids == nil {
		s.ids = make(map[*curlew.Method]uint64)
	}
	id = uint64(len(s.ids) + 1)
	s.ids[m] = id
	return id, true
}

// nameSender numbers the header names that this side sends.
type nameSender struct {
	ids map[string]uint64
}

func (s *nameSender) appendField(b []byte, name, value string) []byte {
	id, ok := s.ids[name]
	if !ok {
		if s.ids == nil {
			s.ids = make(map[string]uint64, len(staticNames))
			for i, n := range staticNames {
				s.ids[n] = uint64(i + 1)
			}
			return s.appendField(b, name, value)
		}
		if len(s.ids) < maxHeaderNames && len(name) <= maxName {
			id = uint64(len(s.ids) + 1)
			s.ids[name] = id
		}
		b = appendString(appendUvarint(b, id), name)
	} else {
		b = appendUvarint(b, id)
	}
	return appendString(b, value)
}

// appendHeader appends a header block: the number of fields and the fields.
func (s *nameSender) appendHeader(b []byte, h *curlew.Header) []byte {
	b = appendUvarint(b, uint64(h.Len()))
	for name, value := range h.All() {
		b = s.appendField(b, name, value)
	}
	return b
}

// nameReceiver holds the header names that the peer has defined.
type nameReceiver struct {
	names []string // beyond the static ones
}

// name reads a reference and, if it comes with one, the definition.
func (t *nameReceiver) name(r *reader, limit int) string {
	id := r.uint()
	next := uint64(len(staticNames) + len(t.names) + 1)
	switch {
	case r.err != nil:
		return ""
	case id == 0:
		return r.string(limit)
	case id < next:
		if id <= uint64(len(staticNames)) {
			return staticNames[id-1]
		}
		return t.names[id-1-uint64(len(staticNames))]
	case id == next && id <= maxHeaderNames:
		name := r.string(min(limit, maxName))
		if r.err == nil {
			t.names = append(t.names, name)
		}
		return name
	}
	r.fail(protocolErrorf("header name %d is not defined", id))
	return ""
}

// header reads a header block of at most limit bytes by curlew.Header.Size.
func (t *nameReceiver) header(r *reader, limit int) curlew.Header {
	var h curlew.Header
	count := r.uint()
	size := uint64(0)
	if count > uint64(limit/32) {
		r.fail(limitErrorf("header of %d fields, more than the limit of %d bytes allows", count, limit))
	}
	for range count {
		if r.err != nil {
			break
		}
		name := t.name(r, limit)
		value := r.string(limit)
		if size += uint64(len(name) + len(value) + 32); size > uint64(limit) {
			r.fail(limitErrorf("header of more than %d bytes", limit))
		}
		h.Add(name, value)
	}
	return h
}
