// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport

import "net"

// TryWriter writes to a connection without ever waiting. It is for one caller
// at a time, and while no Write of the connection itself is under way, which it
// would wait for.
type TryWriter struct {
	conn  nonBlocking // a connection that can do it itself, or nil
	fd    fdWriter    // else the system's
	owner net.Conn    // for errors
}

// nonBlocking is what a connection that can write without waiting offers, such
// as those of transport/mem.
type nonBlocking interface {
	TryWrite(p []byte) (int, error)
}

// NewTryWriter returns a TryWriter for conn, and false if there is none: for
// connections of other types than *net.TCPConn, *net.UnixConn and those with a
// TryWrite method of their own, and on systems that are not Unix. A wrapper,
// tls.Conn among them, must not be bypassed, so what is inside it does not
// count.
func NewTryWriter(conn net.Conn) (*TryWriter, bool) {
	w := &TryWriter{owner: conn}
	var ok bool
	switch c := conn.(type) {
	case nonBlocking:
		w.conn, ok = c, true
	case *net.TCPConn:
		ok = w.fd.attach(c)
	case *net.UnixConn:
		ok = w.fd.attach(c)
	}
	if !ok {
		return nil, false
	}
	return w, true
}

// TryWrite writes as much of p as the connection takes at once, with one system
// call; 0, nil says that it takes nothing now. A write deadline that has passed
// is an error, as in Write.
func (w *TryWriter) TryWrite(p []byte) (int, error) {
	if w.conn != nil {
		return w.conn.TryWrite(p)
	}
	n, err := w.fd.tryWrite(p)
	if err != nil {
		return n, &net.OpError{
			Op:     "write",
			Net:    w.owner.LocalAddr().Network(),
			Source: w.owner.LocalAddr(),
			Addr:   w.owner.RemoteAddr(),
			Err:    err,
		}
	}
	return n, nil
}
