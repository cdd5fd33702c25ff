// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package transport

import (
	"errors"
	"syscall"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// fdReader stands for the one of Unix systems; here it is never attached.
type fdReader struct{}

func (*fdReader) attach(syscall.Conn) bool { return false }

func (*fdReader) read(int) (*bufpool.Buf, error) { return nil, errors.ErrUnsupported }
