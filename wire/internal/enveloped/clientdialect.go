// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"errors"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// ClientDialect is a dialect with what a client must know besides: what its
// requests have, and how responses end. It is not changed once in use.
type ClientDialect struct {
	Dialect
	// Fields are those that every request has besides.
	Fields wire.Fields
	// StatusFields tells that the outcome may stand among HTTP's fields, as gRPC
	// has it: in the trailers, or in the head if there is no body.
	StatusFields bool
	// EndFlag marks the envelope that ends a response; 0 if there is none.
	EndFlag byte
	// ParseEnd reads what is in that envelope: the trailers, and the outcome, nil
	// for OK. err tells that it makes no sense.
	ParseEnd func(b []byte) (trailers wire.Fields, e *curlew.Error, err error)
	// Refusal makes an error of a response that has another status than 200 and
	// tells no outcome. b is the beginning of its body.
	Refusal func(b []byte, status int, address string) *curlew.Error
}

// GRPCOutcome reads the outcome among trailers, nil for OK. err tells that there
// is none.
func GRPCOutcome(trailers wire.Fields) (e *curlew.Error, err error) {
	e, found := httpwire.ParseGRPCStatus(trailers)
	if !found {
		return nil, errors.New("it ends without a grpc-status")
	}
	return e, nil
}
