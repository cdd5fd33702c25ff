// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

func misfit(md protoreflect.MessageDescriptor, b []byte, err error) error { return err }
