// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"net/http"

	"github.com/curlewrpc/curlew"
)

// statusCanceled is nginx's "client closed request", which Connect uses.
const statusCanceled = 499

// Status returns the HTTP status of an error with the code, as Connect's
// "Error Codes" has them.
func Status(code curlew.Code) int {
	switch code {
	case curlew.OK:
		return http.StatusOK
	case curlew.Canceled:
		return statusCanceled
	case curlew.InvalidArgument, curlew.FailedPrecondition, curlew.OutOfRange:
		return http.StatusBadRequest
	case curlew.DeadlineExceeded:
		return http.StatusGatewayTimeout
	case curlew.NotFound:
		return http.StatusNotFound
	case curlew.AlreadyExists, curlew.Aborted:
		return http.StatusConflict
	case curlew.PermissionDenied:
		return http.StatusForbidden
	case curlew.ResourceExhausted:
		return http.StatusTooManyRequests
	case curlew.Unimplemented:
		return http.StatusNotImplemented
	case curlew.Unavailable:
		return http.StatusServiceUnavailable
	case curlew.Unauthenticated:
		return http.StatusUnauthorized
	default: // Unknown, Internal, DataLoss
		return http.StatusInternalServerError
	}
}

// CodeOf guesses the code of an answer that has a status alone, for one that a
// proxy has made: Connect's "HTTP to Error Code", which is gRPC's too.
func CodeOf(status int) curlew.Code {
	switch status {
	case http.StatusBadRequest:
		return curlew.Internal
	case http.StatusUnauthorized:
		return curlew.Unauthenticated
	case http.StatusForbidden:
		return curlew.PermissionDenied
	case http.StatusNotFound:
		return curlew.Unimplemented
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return curlew.Unavailable
	default:
		return curlew.Unknown
	}
}
