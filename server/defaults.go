// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net"

	"github.com/curlewrpc/curlew/wire"
)

// source returns a source of the connections that l accepts.
func (s *Server) source(l net.Listener) (wire.Source, error) {
	return nil, errors.New("server: listeners are not assembled yet")
}
