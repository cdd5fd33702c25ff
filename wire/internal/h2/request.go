// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"strconv"
	"strings"

	"github.com/curlewrpc/curlew/wire"
)

// request fills r from the block. The text says what is malformed (RFC 9113,
// section 8.1.1); "" if nothing is.
func (b *block) request(r *wire.HTTPRequest, room wire.Fields) string {
	switch {
	case b.wrong != "":
		return b.wrong
	case b.has(pseudoStatus):
		return ":status in a request"
	case b.pseudo[pseudoMethod] == "" || !validMethod(b.pseudo[pseudoMethod]):
		return "no :method, or one that is none"
	}
	r.Method, r.Scheme, r.Authority = b.pseudo[pseudoMethod], b.pseudo[pseudoScheme], b.pseudo[pseudoAuthority]
	r.Major, r.Length = 2, -1
	if wrong := b.target(r); wrong != "" {
		return wrong
	}
	if wrong := b.copyFields(r, room); wrong != "" {
		return wrong
	}
	if !validAuthority(r.Authority) {
		return "an authority that is none"
	}
	if b.end {
		if r.Length > 0 {
			return "a content-length without content"
		}
		r.Length = 0
	}
	return ""
}

// target takes in :scheme and :path.
func (b *block) target(r *wire.HTTPRequest) string {
	path := b.pseudo[pseudoPath]
	if r.Method == "CONNECT" {
		if b.has(pseudoScheme) || b.has(pseudoPath) || r.Authority == "" {
			return "a CONNECT with :scheme or :path, or without :authority"
		}
		return ""
	}
	switch {
	case r.Scheme != "http" && r.Scheme != "https":
		return "no :scheme, or one that is neither http nor https"
	case path == "" || path[0] != '/' && !(path == "*" && r.Method == "OPTIONS"):
		return "no :path, or one that does not begin with a slash"
	case !validPath(path):
		return "bytes that are not allowed in :path"
	}
	r.Path, r.RawQuery, _ = strings.Cut(path, "?")
	return ""
}

// copyFields takes in the other fields, to room if that is large enough.
func (b *block) copyFields(r *wire.HTTPRequest, room wire.Fields) string {
	if len(b.fields) > cap(room) {
		room = make(wire.Fields, 0, len(b.fields))
	}
	host, cookie := false, -1
	for _, f := range b.fields {
		switch f.Name {
		case "host":
			if host || b.has(pseudoAuthority) && f.Value != r.Authority {
				return "a host that differs from :authority, or several"
			}
			host, r.Authority = true, f.Value
			continue
		case "content-length":
			n, err := strconv.ParseUint(f.Value, 10, 62)
			if err != nil || f.Value[0] == '+' || r.Length >= 0 && r.Length != int64(n) {
				return "a content-length that is none, or several"
			}
			r.Length = int64(n)
		case "cookie": // RFC 9113, section 8.2.3
			if cookie >= 0 {
				room[cookie].Value += "; " + f.Value
				continue
			}
			cookie = len(room)
		}
		room = append(room, f)
	}
	r.Fields = room
	return ""
}

// validMethod reports whether s is a token.
func validMethod(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'A' && c <= 'Z') && !validName(s[i:i+1]) {
			return false
		}
	}
	return true
}

// validPath reports whether s has no byte that ends a path somewhere else.
func validPath(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '#' || c >= 0x7f {
			return false
		}
	}
	return true
}

// validAuthority reports whether s could be a host with a port, or nothing.
func validAuthority(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ', c >= 0x7f:
			return false
		case strings.IndexByte("@/?#\\\"<>^`{|},", c) >= 0:
			return false
		}
	}
	return true
}

// response returns a response's status. The text says what is malformed; "" if
// nothing is.
func (b *block) response() (status int, wrong string) {
	text := b.pseudo[pseudoStatus]
	switch {
	case b.wrong != "":
		return 0, b.wrong
	case b.seen != 1<<pseudoStatus:
		return 0, "no :status, or pseudo-header fields of a request"
	case len(text) != 3 || text[0] < '1' || text[0] > '9' || text[1] < '0' || text[1] > '9' || text[2] < '0' || text[2] > '9':
		return 0, "a :status that is none"
	}
	return int(text[0]-'0')*100 + int(text[1]-'0')*10 + int(text[2]-'0'), ""
}

// length returns the content-length of a response, -1 if there is none.
func (b *block) length() (n int64, wrong string) {
	n = -1
	for _, f := range b.fields {
		if f.Name == "content-length" {
			v, err := strconv.ParseUint(f.Value, 10, 62)
			if err != nil || n >= 0 && n != int64(v) {
				return 0, "a content-length that is none, or several"
			}
			n = int64(v)
		}
	}
	return n, ""
}
