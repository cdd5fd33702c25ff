// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7): how long sent bytes may go
// unacknowledged before the connection is given up.
const tcpUserTimeout = 18

// setProbing has the system probe a TCP connection so often that a dead peer is
// noticed within the time, or as it does by default.
func setProbing(raw net.Conn, on bool, within time.Duration) {
	if wrapped, ok := raw.(interface{ NetConn() net.Conn }); ok { // TLS
		raw = wrapped.NetConn()
	}
	conn, ok := raw.(*net.TCPConn)
	if !ok {
		return
	}
	keep := net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 9}
	timeout := 0
	if on {
		keep.Idle, keep.Interval, keep.Count = max(within/2, time.Second), max(within/8, time.Second), 4
		timeout = int(within.Milliseconds())
	}
	// If it fails there are still the PINGs.
	_ = conn.SetKeepAliveConfig(keep)
	if control, err := conn.SyscallConn(); err == nil {
		_ = control.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, timeout)
		})
	}
}
