// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

// defaultFramings returns the protocols that a server speaks on each port
// unless [WithFramings] says otherwise. This is the one list of them.
func (o *options) defaultFramings() []wire.Framing {
	return []wire.Framing{
		native.New(),
	}
}
