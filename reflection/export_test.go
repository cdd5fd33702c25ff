// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
)

// What the tests speak with, and what they make odd servers of.
type (
	Request                = request
	Response               = response
	ExtensionRequest       = extensionRequest
	FileDescriptorResponse = fileDescriptorResponse
	ErrorResponse          = errorResponse
)

func OwnFiles() []protoreflect.FileDescriptor { return ownFiles() }

// An Index answers without a stream.
type Index struct{ *index }

func NewIndex(services []*curlew.Service, given ...protoreflect.FileDescriptor) Index {
	return Index{newIndex(services, append(ownFiles(), given...))}
}

func (x Index) Answer(q *Request, sent map[string]bool) *Response { return x.answer(q, sent) }
