// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package h2

import (
	"net"
	"time"
)

// setProbing does nothing: PINGs find a dead peer.
func setProbing(net.Conn, bool, time.Duration) {}
