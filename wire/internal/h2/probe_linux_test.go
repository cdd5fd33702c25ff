// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
)

// What the system was told before is told again.
func TestProber(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	assert.NoError(t, err)
	defer conn.Close()
	read := func() (values []int) {
		control, err := conn.(*net.TCPConn).SyscallConn()
		assert.NoError(t, err)
		control.Control(func(fd uintptr) {
			for _, o := range probes {
				v, err := syscall.GetsockoptInt(int(fd), o.level, o.name)
				assert.NoError(t, err)
				values = append(values, v)
			}
		})
		return values
	}
	before := read()
	var p prober
	p.set(conn, true, 10*time.Second)
	assert.Equal(t, read(), []int{1, 5, 1, 4, 10_000})
	p.set(conn, true, time.Hour) // is on already
	p.set(conn, false, 10*time.Second)
	assert.Equal(t, read(), before)
	p.set(conn, false, 10*time.Second)
}
