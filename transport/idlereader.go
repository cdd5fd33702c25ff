// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"io"
	"net"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// IdleReader reads from a connection that may be idle for long, and holds no
// buffer while it waits. It is for one caller at a time.
type IdleReader struct {
	conn net.Conn
	fd   fdReader // of *net.TCPConn and *net.UnixConn on Unix systems
	size int
	// small is what other connections wait with: a TLS connection may hold
	// decrypted bytes that no poller knows of.
	small []byte
}

// NewIdleReader returns a reader that takes buffers of the given size.
func NewIdleReader(conn net.Conn, size int) *IdleReader {
	r := &IdleReader{conn: conn, size: size}
	ok := false
	switch c := conn.(type) {
	case *net.TCPConn:
		ok = r.fd.attach(c)
	case *net.UnixConn:
		ok = r.fd.attach(c)
	}
	if !ok {
		r.small = make([]byte, 128)
	}
	return r
}

// SetSize sets the size of the buffers that are taken from now on.
func (r *IdleReader) SetSize(n int) { r.size = n }

// Read waits until there is something to read and returns it, at least one
// byte, in a buffer that is now the caller's. A read deadline counts as in
// conn.Read.
func (r *IdleReader) Read() (*bufpool.Buf, error) {
	if r.small == nil {
		buf, err := r.fd.read(r.size)
		if err != nil && err != io.EOF {
			err = &net.OpError{
				Op:     "read",
				Net:    r.conn.LocalAddr().Network(),
				Source: r.conn.LocalAddr(),
				Addr:   r.conn.RemoteAddr(),
				Err:    err,
			}
		}
		return buf, err
	}
	for {
		n, err := r.conn.Read(r.small)
		if n > 0 {
			buf := bufpool.Get(r.size)
			buf.B = buf.B[:copy(buf.B, r.small[:n])]
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
