// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proxyproto

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const (
	signatureV1 = "PROXY "
	signatureV2 = "\r\n\r\n\x00\r\nQUIT\n"

	// first is how many bytes may be read before the version is known: every
	// header is longer.
	first = len(signatureV2)
)

// ErrNoHeader is the error for a connection that begins with something else.
var ErrNoHeader = errors.New("no PROXY protocol header; is the client connected past the load balancer, " +
	"or is the load balancer not configured to send the header?")

// Header is what a header says.
type Header struct {
	// Version is 1 or 2; 0 if there was no header.
	Version int

	// Source and Destination are the ends of the connection that was forwarded:
	// both *net.TCPAddr, or both *net.UnixAddr. Both are nil if the header names
	// none that this side knows, or if there is none: then the ends of the
	// connection itself count, as for a health check of the load balancer.
	Source, Destination net.Addr

	// Prefix holds the bytes that were read though they are no header, when
	// Config.Optional is set. They belong to the protocol proper.
	Prefix []byte
}

// Config says from whom a header is expected. The zero value expects one from
// everybody: right where only the load balancer can connect.
type Config struct {
	// Trusted are the networks of the load balancers. A connection from outside
	// them is taken as it is, without reading anything from it, so that nobody
	// else can claim an address. Nil trusts everybody. A source without an IP
	// address, such as a Unix socket, is trusted.
	Trusted []netip.Prefix

	// Optional accepts connections from trusted sources that have no header. It
	// is for the time of a change: whoever can connect can then also claim an
	// address, or hide one (section 2).
	Optional bool
}

// Read reads the header of conn and not one byte more. When ctx ends, reading
// ends; it should have a deadline. After an error the connection is of no use:
// the caller closes it. Read uses the read deadline of conn and leaves it unset.
func (c Config) Read(ctx context.Context, conn net.Conn) (Header, error) {
	if !c.trusts(conn.RemoteAddr()) {
		return Header{}, nil
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return Header{}, err
	}
	stop := context.AfterFunc(ctx, func() {
		// It fails only if conn is closed; then reading has ended anyway.
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	})
	r := reader{conn: conn}
	h, err := r.header(c.Optional)
	if !stop() {
		err = fmt.Errorf("given up after %d bytes of the header: %w", len(r.buf), context.Cause(ctx))
	}
	if err != nil {
		return Header{}, fmt.Errorf("PROXY protocol from %v: %w", conn.RemoteAddr(), err)
	}
	return h, nil
}

func (c Config) trusts(source net.Addr) bool {
	if c.Trusted == nil {
		return true
	}
	tcp, ok := source.(*net.TCPAddr)
	if !ok {
		return true
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	for _, prefix := range c.Trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// reader reads a header into buf, as far as it must to go on.
type reader struct {
	conn io.Reader
	buf  []byte
}

func (r *reader) header(optional bool) (Header, error) {
	// Stop at the first wrong byte, for what follows may never come.
	for len(r.buf) < first {
		if err := r.some(first - len(r.buf)); err != nil {
			if optional && len(r.buf) > 0 && errors.Is(err, io.EOF) {
				return Header{Prefix: r.buf}, nil
			}
			return Header{}, err
		}
		if !agrees(r.buf, signatureV1) && !agrees(r.buf, signatureV2) {
			if optional {
				return Header{Prefix: r.buf}, nil
			}
			return Header{}, fmt.Errorf("%w (it begins with %q)", ErrNoHeader, r.buf)
		}
	}
	if r.buf[0] == signatureV1[0] {
		return r.version1()
	}
	return r.version2()
}

// agrees reports whether one of data and signature begins with the other.
func agrees(data []byte, signature string) bool {
	n := min(len(data), len(signature))
	return string(data[:n]) == signature[:n]
}

// some reads from 1 to n bytes more.
func (r *reader) some(n int) error {
	chunk := make([]byte, n)
	n, err := r.conn.Read(chunk)
	r.buf = append(r.buf, chunk[:n]...)
	if n > 0 {
		return nil // an error comes again
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the connection ended after %d bytes: %w", len(r.buf), err)
	}
	return err
}

// exactly reads until buf has n bytes.
func (r *reader) exactly(n int) error {
	for len(r.buf) < n {
		if err := r.some(n - len(r.buf)); err != nil {
			return err
		}
	}
	return nil
}

// line reads up to the first CRLF and returns what is before it.
func (r *reader) line(limit int) (string, error) {
	for !bytes.HasSuffix(r.buf, []byte("\r\n")) {
		if bytes.ContainsRune(r.buf, '\n') {
			return "", fmt.Errorf("malformed line %q", r.buf)
		}
		missing := 2
		if bytes.HasSuffix(r.buf, []byte("\r")) {
			missing = 1
		}
		if len(r.buf)+missing > limit {
			return "", fmt.Errorf("no end of line within %d bytes", limit)
		}
		if err := r.some(missing); err != nil {
			return "", err
		}
	}
	return string(r.buf[:len(r.buf)-2]), nil
}
