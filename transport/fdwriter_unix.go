// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package transport

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// maxWrite is the most that one write(2) takes on every system; Darwin refuses
// more than 2 GiB.
const maxWrite = 1 << 30

// fdWriter writes to a socket with one write(2). Its fields carry the arguments
// and results of attempt, which is made a function once: so a write allocates
// nothing.
type fdWriter struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) (done bool)

	p   []byte
	n   int
	err error
}

func (w *fdWriter) attach(conn syscall.Conn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	w.raw, w.attempt = raw, w.write
	return true
}

func (w *fdWriter) tryWrite(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w.p, w.n, w.err = p[:min(len(p), maxWrite)], 0, nil
	err := w.raw.Write(w.attempt) // fails without an attempt on a closed connection
	w.p = nil
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // the caller names the operation
		}
		return 0, err
	}
	return w.n, w.err
}

// write runs inside RawConn.Write. It always reports that it is done, so that
// RawConn.Write does not wait for room.
func (w *fdWriter) write(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.p)
		switch err {
		case nil:
			w.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			w.err = os.NewSyscallError("write", err)
		}
		return true
	}
}
