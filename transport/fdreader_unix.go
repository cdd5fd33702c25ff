// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// fdReader reads from a socket with one read(2), into a buffer that it takes
// once the socket is ready. Like fdWriter it allocates nothing for a read.
type fdReader struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) (done bool)

	size int
	buf  *bufpool.Buf
	err  error
}

func (r *fdReader) attach(conn syscall.Conn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	r.raw, r.attempt = raw, r.try
	return true
}

func (r *fdReader) read(size int) (*bufpool.Buf, error) {
	r.size, r.buf, r.err = size, nil, nil
	err := r.raw.Read(r.attempt)
	buf := r.buf
	r.buf = nil
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // the caller names the operation
		}
		return nil, err
	}
	return buf, r.err
}

// try runs inside RawConn.Read, which waits for the poller after a false. The
// poller tells only of changes, so nothing but EAGAIN may lead there.
func (r *fdReader) try(fd uintptr) bool {
	buf := bufpool.Get(r.size)
	for {
		n, err := syscall.Read(int(fd), buf.B)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			buf.Free()
			return false
		case err != nil:
			buf.Free()
			r.err = os.NewSyscallError("read", err)
		case n == 0:
			buf.Free()
			r.err = io.EOF
		default:
			buf.B = buf.B[:n]
			r.buf = buf
		}
		return true
	}
}
