// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// tlsHandshake is the first byte of a TLS connection (RFC 8446, section 5.1).
const tlsHandshake = 0x16

// sniff reads the first bytes of raw after prefix until they tell the framing,
// and fills conn.
func (l *Listener) sniff(raw net.Conn, prefix []byte, conn *Conn) (Framing, error) {
	buf := slices.Grow(prefix, max(0, MaxSniff-len(prefix)))
	sniffer := newSniffer(l.config.Framings)
	framing, decided := sniffer.next(buf)
	for !decided {
		n, err := raw.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if framing, decided = sniffer.next(buf); decided {
			break
		}
		if err != nil {
			if len(buf) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("first bytes%s: %w", after(buf), err)
		}
	}
	if framing == nil {
		if looksLikeHTTP1(buf) {
			refuseHTTP(raw, "no protocol of this port takes this request")
		}
		return nil, fmt.Errorf("unknown protocol%s; it begins with %s", hint(buf), show(buf))
	}
	conn.Raw, conn.Prefix = raw, buf
	return framing, nil
}

// sniffer asks framings about the beginning of a connection. It asks about each
// length in turn, so that the verdict depends on the bytes alone and never on
// how they came: the framing wins that says Yes to the shortest prefix, and
// among those the first.
type sniffer struct {
	framings []Framing
	asked    int // the length about which they have been asked last
}

func newSniffer(framings []Framing) *sniffer { return &sniffer{framings: framings} }

// next looks at prefix, which begins with what the last call was given. Once it
// has decided, a nil framing means that none fits.
func (s *sniffer) next(prefix []byte) (f Framing, decided bool) {
	for s.asked < min(len(prefix), MaxSniff) {
		s.asked++
		open := false
		for _, f := range s.framings {
			switch f.Match(prefix[:s.asked]) {
			case Yes:
				return f, true
			case Maybe:
				open = true
			}
		}
		if !open {
			return nil, true
		}
	}
	return nil, s.asked == MaxSniff
}

// hint says what the bytes look like, and what may be wrong.
func hint(b []byte) string {
	switch {
	case b[0] == tlsHandshake:
		return ": looks like TLS, but this port has no TLS configured"
	case bytes.HasPrefix(b, []byte("PRI * HTTP/2")):
		return ": HTTP/2 with prior knowledge is not served on this port"
	case looksLikeHTTP1(b):
		return ": looks like HTTP/1, but no protocol of this port takes it"
	case bytes.HasPrefix(b, []byte("PROXY ")), bytes.HasPrefix(b, []byte("\r\n\r\n\x00\r\nQUIT\n")):
		return ": a load balancer sends the PROXY protocol, which is not switched on for this port"
	default:
		return ""
	}
}

// looksLikeHTTP1 reports whether b begins with a method, a space and a path, an
// address, or for CONNECT a host.
func looksLikeHTTP1(b []byte) bool {
	method, rest, ok := bytes.Cut(b, []byte(" "))
	if !ok || len(method) < 3 || len(rest) == 0 {
		return false
	}
	upper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	if rest[0] != '/' && rest[0] != '*' && !bytes.HasPrefix(rest, []byte("http")) && string(method) != "CONNECT" {
		return false
	}
	return !slices.ContainsFunc(method, func(c byte) bool { return !upper(c) }) && rest[0] > ' ' && rest[0] < 0x7f &&
		string(method) != "PRI" && string(method) != "PROXY"
}

// refuseHTTP answers a request that nobody reads.
func refuseHTTP(conn net.Conn, why string) {
	// Whether it arrives or not, the connection is closed next and the log tells.
	_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"+why+"\n")
}

// show prints first bytes for a log: in hex, and as text where they are text.
func show(b []byte) string {
	const shown = 24
	cut := b[:min(len(b), shown)]
	if strings.IndexFunc(string(cut), func(r rune) bool { return r != '\r' && r != '\n' && (r < ' ' || r > '~') }) < 0 {
		return fmt.Sprintf("% x (%q)", cut, cut)
	}
	return fmt.Sprintf("% x", cut)
}

// after tells in an error what has come.
func after(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprintf(", after %s", show(b))
}
