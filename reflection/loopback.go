// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"context"
	"net"
	"net/netip"

	"github.com/curlewrpc/curlew"
)

// LoopbackOnly is an interceptor that refuses, with [curlew.PermissionDenied],
// calls that do not come from this machine: by a loopback address, a Unix
// socket or within the process. Calls that a proxy on this machine passes on
// come from this machine, unless they bring their peer's address by the PROXY
// protocol.
func LoopbackOnly(next curlew.Handler) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		if p := call.Peer(); p == nil || !local(p.Addr) || p.LocalAddr != nil && !local(p.LocalAddr) {
			return curlew.Errorf(curlew.PermissionDenied, "%s is open to clients on the server's own machine only, and %s is none", call.Method().Service(), p)
		}
		return next(ctx, call)
	}
}

// local reports whether an address is of this machine and reached from nowhere
// else.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case nil:
		return false
	case interface{ AddrPort() netip.AddrPort }: // TCP and UDP
		return a.AddrPort().Addr().Unmap().IsLoopback()
	}
	return a.Network() == "unix" || a.Network() == "mem"
}
