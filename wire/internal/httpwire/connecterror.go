// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/curlewrpc/curlew"
)

// typeURLPrefix stands before the names of protobuf messages in details, and
// does not travel.
const typeURLPrefix = "type.googleapis.com/"

// errorJSON is an error as Connect writes it ("Error and EndStreamResponse").
type errorJSON struct {
	Code    string       `json:"code"`
	Message string       `json:"message,omitempty"`
	Details []detailJSON `json:"details,omitempty"`
}

type detailJSON struct {
	Type  string `json:"type"`
	Value string `json:"value"` // base64, unpadded
}

// AppendError appends e in Connect's JSON.
func AppendError(b []byte, e *curlew.Error) []byte { return appendJSON(b, errorToJSON(e)) }

func errorToJSON(e *curlew.Error) *errorJSON {
	out := &errorJSON{Code: e.Code().String(), Message: e.Message()}
	for _, d := range e.Details() {
		out.Details = append(out.Details, detailJSON{
			Type:  strings.TrimPrefix(d.TypeURL, typeURLPrefix),
			Value: base64.RawStdEncoding.EncodeToString(d.Value),
		})
	}
	return out
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // strings always can be
		text = []byte(`{"code":"internal"}`)
	}
	return append(b, text...)
}

// maxDetails bounds the details of an error that is received.
const maxDetails = 64

// ParseError reads an error that came with an HTTP status as the answer of the
// server at an address. One without a code that is known has the code that its
// status stands for. What is no error of Connect's, such as a proxy's page, gives
// an error that tells what came; the call may have run.
func ParseError(b []byte, status int, address string) *curlew.Error {
	var in errorJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return StatusError(b, status, address, "Connect")
	}
	code, ok := in.code()
	switch {
	case !ok && in.Message == "":
		return StatusError(b, status, address, "Connect")
	case !ok:
		code = CodeOf(status)
	}
	return in.toError(code)
}

// code returns the error's code, if it has one that is known.
func (in *errorJSON) code() (code curlew.Code, ok bool) {
	err := code.UnmarshalText([]byte(in.Code))
	return code, err == nil && code != curlew.OK
}

// toError makes a server's answer of what was received.
func (in *errorJSON) toError(code curlew.Code) *curlew.Error {
	var details []curlew.Detail
	for i, d := range in.Details {
		value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		if err != nil || i == maxDetails {
			break // the rest of a broken or endless list is worth less than the error itself
		}
		url := d.Type
		if !strings.Contains(url, "/") {
			url = typeURLPrefix + url
		}
		details = append(details, curlew.Detail{TypeURL: url, Value: value})
	}
	return answered(curlew.NewError(code, in.Message).WithDetails(details...))
}

// StatusError makes an error of an HTTP status and a body that is no error of
// the protocol's: a proxy has answered, or a server of something else.
func StatusError(b []byte, status int, address, protocol string) *curlew.Error {
	const shown = 200
	text := strings.ToValidUTF8(string(b[:min(len(b), shown)]), "\uFFFD")
	if len(b) > shown {
		text += "…"
	}
	return curlew.Errorf(CodeOf(status), "%s answered with HTTP status %d and nothing that %s knows: %q", address, status, protocol, text).
		WithOrigin(curlew.OriginServer)
}
