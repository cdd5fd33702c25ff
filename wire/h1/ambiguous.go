// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"bytes"
	"net/http"
	"sync/atomic"
)

// Where a request ends must not be a matter of opinion: a proxy that takes the
// other view lets a second request pass unseen inside the first one's body. A
// request with both a Content-Length and chunks is such a one, and so may be
// chunks in HTTP/1.0. It can be answered, by its chunks, but nothing behind it
// can be believed: the connection must be closed (RFC 9112, section 6.1).
// net/http leaves it open and removes the Content-Length before anybody sees it.

// lengths counts the lines that begin with Content-Length in what a connection
// reads, heads and bodies alike. One of them that belongs to no request which
// was told its length may belong to one with chunks. A body that looks like a
// head costs its client a connection, and no more.
type lengths struct {
	matched int // bytes of lengthLine that were read last
	read    atomic.Int64
	told    int64 // of requests; belongs to those who serve them
}

const lengthLine = "\ncontent-length"

// scan takes in what was read.
func (l *lengths) scan(b []byte) {
	for len(b) > 0 {
		if l.matched == 0 {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return
			}
			l.matched, b = 1, b[i+1:]
			continue
		}
		switch c := b[0]; {
		case c == '\n':
			l.matched = 1
		case c|0x20 != lengthLine[l.matched]: // in any case
			l.matched = 0
		case l.matched+1 == len(lengthLine):
			l.matched = 0
			l.read.Add(1)
		default:
			l.matched++
		}
		b = b[1:]
	}
}

// ambiguous reports whether a connection must end with the answer to r, which
// was read just now.
func (l *lengths) ambiguous(r *http.Request) bool {
	if len(r.Header["Content-Length"]) > 0 {
		l.told++
	}
	return r.ProtoMinor == 0 || len(r.TransferEncoding) > 0 && l.read.Load() > l.told
}
