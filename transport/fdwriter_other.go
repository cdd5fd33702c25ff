// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package transport

import (
	"errors"
	"syscall"
)

// fdWriter stands for the one of Unix systems; here it is never attached.
type fdWriter struct{}

func (*fdWriter) attach(syscall.Conn) bool { return false }

func (*fdWriter) tryWrite([]byte) (int, error) { return 0, errors.ErrUnsupported }
