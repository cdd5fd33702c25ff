// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
)

// Method returns the method that a descriptor describes, for calls whose
// messages are dynamicpb's, or bytes that codec/raw carries. Use one for many
// calls.
func Method(d protoreflect.MethodDescriptor) *curlew.Method {
	name := string(d.Parent().FullName()) + "/" + string(d.Name())
	return curlew.NewMethod(name, kindOf(d), idempotencyOf(d))
}

func kindOf(d protoreflect.MethodDescriptor) curlew.Kind {
	switch {
	case d.IsStreamingClient() && d.IsStreamingServer():
		return curlew.KindBidi
	case d.IsStreamingClient():
		return curlew.KindClientStream
	case d.IsStreamingServer():
		return curlew.KindServerStream
	default:
		return curlew.KindUnary
	}
}

func idempotencyOf(d protoreflect.MethodDescriptor) curlew.Idempotency {
	options, _ := d.Options().(*descriptorpb.MethodOptions)
	switch options.GetIdempotencyLevel() {
	case descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
		return curlew.NoSideEffects
	case descriptorpb.MethodOptions_IDEMPOTENT:
		return curlew.Idempotent
	default:
		return curlew.IdempotencyUnknown
	}
}

// firstStatus is the exit status of a call that ended with code 0, if that were
// an error.
const firstStatus = 64

// ExitStatus returns the exit status of a command whose call ended with a code:
// 0 for OK, else 64 and the code's number, 69 for not_found (5) for example.
func ExitStatus(code curlew.Code) int {
	switch {
	case code == curlew.OK:
		return 0
	case code.Valid():
		return firstStatus + int(code)
	default:
		return firstStatus + int(curlew.Unknown)
	}
}
