// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"encoding/json"

	"google.golang.org/protobuf/types/known/anypb"

	"github.com/curlewrpc/curlew"
)

// statusJSON is a google.rpc.Status as JSON.
type statusJSON struct {
	Number  uint32            `json:"code"`
	Message string            `json:"message"`
	Details []json.RawMessage `json:"details,omitempty"`
}

// unknownDetail is a detail whose type is not linked into the binary.
type unknownDetail struct {
	Type  string `json:"@type"`
	Value []byte `json:"value"` // base64
}

// appendStatus appends e as a google.rpc.Status.
func appendStatus(b []byte, e *curlew.Error, codec curlew.Codec) []byte {
	out := statusJSON{Number: uint32(e.Code()), Message: e.Message()}
	for _, d := range e.Details() {
		text, err := codec.Append(nil, &anypb.Any{TypeUrl: d.TypeURL, Value: d.Value})
		if err != nil {
			text, err = json.Marshal(unknownDetail{Type: d.TypeURL, Value: d.Value})
		}
		if err == nil {
			out.Details = append(out.Details, text)
		}
	}
	text, err := json.Marshal(out)
	if err != nil { // a codec whose text is no JSON
		out.Details = nil
		text, _ = json.Marshal(out)
	}
	return append(b, text...)
}
