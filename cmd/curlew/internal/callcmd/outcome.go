// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
)

// outcome is what --json prints of a call.
type outcome struct {
	Method   string            `json:"method"`
	Protocol string            `json:"protocol"`
	Peer     string            `json:"peer,omitempty"`
	Header   []field           `json:"header"`
	Replies  []json.RawMessage `json:"replies"`
	Trailer  []field           `json:"trailer"`
	Status   status            `json:"status"`
	Timings  timings           `json:"timings_ms"`
}

// field is a metadata field. The value is base64 if the name ends in -bin.
type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type status struct {
	Code    string   `json:"code"`
	Number  uint32   `json:"number"`
	Message string   `json:"message,omitempty"`
	Origin  string   `json:"origin,omitempty"` // "server", "transport" or "local"
	Details []detail `json:"details,omitempty"`
}

// detail is a detail of an error. The value is base64 if the type is not known.
type detail struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

type timings struct {
	Connect   float64 `json:"connect"`
	FirstByte float64 `json:"first_byte,omitempty"`
	Total     float64 `json:"total"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func fieldsOf(h *curlew.Header) []field {
	fields := []field{} // an empty list in JSON, not null
	if h == nil {
		return fields
	}
	for name, value := range h.All() {
		if strings.HasSuffix(name, "-bin") {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		fields = append(fields, field{name, value})
	}
	return fields
}

// statusOf describes how a call ended.
func statusOf(err error, m messages) status {
	if err == nil {
		return status{Code: curlew.OK.String()}
	}
	e := curlew.ErrorOf(err)
	s := status{Code: e.Code().String(), Number: uint32(e.Code()), Message: e.Message(), Origin: e.Origin().String()}
	for _, d := range e.Details() {
		value, err := m.detail(d)
		if err != nil || value == nil {
			value, _ = json.Marshal(d.Value) // bytes can be encoded: as base64
		}
		s.Details = append(s.Details, detail{d.TypeURL[strings.LastIndexByte(d.TypeURL, '/')+1:], value})
	}
	return s
}
