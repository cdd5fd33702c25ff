// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package h2

import (
	"net"
	"time"
)

// prober does nothing: PINGs find a dead peer.
type prober struct{}

func (*prober) set(net.Conn, bool, time.Duration) {}
