// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"net"
	"syscall"
	"time"
)

// prober has the system watch a TCP connection while that is wanted.
type prober struct {
	on     bool
	before [len(probes)]int // what probes were set to
}

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7): how long sent bytes may go
// unacknowledged before the connection is given up.
const tcpUserTimeout = 18

// probes are the options by which the system watches a connection.
var probes = [...]struct{ level, name int }{
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
	{syscall.IPPROTO_TCP, tcpUserTimeout},
}

// set has the system notice within the time if the peer is dead, or as it did
// before. It does not wait. If it fails there are still the PINGs.
func (p *prober) set(raw net.Conn, on bool, within time.Duration) {
	if p.on == on {
		return
	}
	p.on = on
	if wrapped, ok := raw.(interface{ NetConn() net.Conn }); ok { // TLS
		raw = wrapped.NetConn()
	}
	conn, ok := raw.(*net.TCPConn)
	if !ok {
		return
	}
	control, err := conn.SyscallConn()
	if err != nil {
		return
	}
	seconds := func(d time.Duration) int { return max(1, int(d/time.Second)) }
	values := [len(probes)]int{1, seconds(within / 2), seconds(within / 8), 4, int(within.Milliseconds())}
	_ = control.Control(func(fd uintptr) {
		for i, o := range probes {
			if on {
				p.before[i], _ = syscall.GetsockoptInt(int(fd), o.level, o.name)
			} else {
				values[i] = p.before[i]
			}
			_ = syscall.SetsockoptInt(int(fd), o.level, o.name, values[i])
		}
	})
}
