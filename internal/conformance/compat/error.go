// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"strings"

	"google.golang.org/protobuf/types/known/anypb"

	"github.com/curlewrpc/curlew"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

// typePrefix is what the suite expects before the name of a detail's type. The
// Connect protocol sends the bare name, which Curlew leaves as it is.
const typePrefix = "type.googleapis.com/"

// Error returns the error that a handler is to return.
func Error(e *conformancev1.Error) *curlew.Error {
	err := curlew.NewError(curlew.Code(e.GetCode()), e.GetMessage())
	for _, d := range e.GetDetails() {
		err = err.WithDetails(curlew.Detail{TypeURL: d.GetTypeUrl(), Value: d.GetValue()})
	}
	return err
}

// FromError returns the error of a call as the suite has it, nil for nil.
func FromError(err error) *conformancev1.Error {
	if err == nil {
		return nil
	}
	e := curlew.ErrorOf(err)
	message := e.Message()
	result := &conformancev1.Error{Code: conformancev1.Code(e.Code()), Message: &message}
	for _, d := range e.Details() {
		url := d.TypeURL
		if !strings.Contains(url, "/") {
			url = typePrefix + url
		}
		result.Details = append(result.Details, &anypb.Any{TypeUrl: url, Value: d.Value})
	}
	return result
}
