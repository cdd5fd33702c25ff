// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"errors"

	"github.com/curlewrpc/curlew/wire/internal/gobstream"
)

// request and response are what stands before each body; rpc.Request and
// rpc.Response. The fields' names are the protocol; zero fields are not sent.
type (
	request struct {
		ServiceMethod string
		Seq           uint64
	}
	response struct {
		ServiceMethod string
		Seq           uint64
		Error         string // "" is success
	}
)

// noBody takes the place of a reply beside an error, and of a protobuf message
// without fields.
type noBody struct{}

// readHeader reads a request or a response.
func readHeader(in *gobstream.Reader, limit int) (h response, err error) {
	v, err := in.Next(limit)
	if err != nil {
		return h, err
	}
	defer v.Free()
	if v.Err() != nil {
		return h, v.Err()
	}
	if !v.IsStruct() {
		return h, errors.New("a value where the header of a call is due")
	}
	for f := range v.Fields() {
		switch f.Name {
		case "ServiceMethod":
			h.ServiceMethod = string(f.Text)
		case "Seq":
			h.Seq = f.Uint
		case "Error":
			h.Error = string(f.Text)
		}
	}
	return h, nil
}
