// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/curlewrpc/curlew"
)

// The errors that JSON-RPC 2.0 itself defines (section 5.1).
const (
	parseError     = -32700 // not JSON
	invalidRequest = -32600 // JSON, but no request
	methodNotFound = -32601
	invalidParams  = -32602
	internalError  = -32603
	// serverError - n is the code with number n, of those without an own one:
	// -32000 to -32099 are left to servers.
	serverError = -32000
)

// numberOf returns the number of a code on the wire.
func numberOf(code curlew.Code) int {
	switch code {
	case curlew.Unimplemented:
		return methodNotFound
	case curlew.InvalidArgument:
		return invalidParams
	case curlew.Internal:
		return internalError
	default:
		return serverError - int(code)
	}
}

// codeOf is the reverse of numberOf, for servers that are not ours too.
func codeOf(number int) curlew.Code {
	switch number {
	case methodNotFound:
		return curlew.Unimplemented
	case invalidParams:
		return curlew.InvalidArgument
	case parseError, invalidRequest, internalError:
		return curlew.Internal
	}
	if n := serverError - number; n > 0 && curlew.Code(n).Valid() && n <= int(curlew.Unauthenticated) {
		return curlew.Code(n)
	}
	return curlew.Unknown
}

// failure is an error as JSON-RPC 2.0 writes it.
type failure struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// failureData is what stands in data.
type failureData struct {
	Code    string   `json:"code"` // "not_found"
	Details []detail `json:"details,omitempty"`
}

// detail is a curlew.Detail, its value in base64.
type detail struct {
	Type  string `json:"type"`
	Value []byte `json:"value"`
}

// newFailure returns an error as it is written; number 0 means that of its code.
func newFailure(number int, e *curlew.Error) failure {
	data := failureData{Code: e.Code().String()}
	for _, d := range e.Details() {
		data.Details = append(data.Details, detail{d.TypeURL, d.Value})
	}
	encoded, _ := json.Marshal(data) // there is nothing in it that could fail
	return failure{Code: cmp.Or(number, numberOf(e.Code())), Message: e.Message(), Data: encoded}
}

// tooLarge is the error of a call with a message of n bytes.
func tooLarge(n, limit int) *curlew.Error {
	return curlew.NewError(curlew.ResourceExhausted, (&sizeError{size: int64(n), limit: limit, whole: true}).Error())
}

// errorText is an error as JSON-RPC 1.0 writes it, where no text is no error.
func errorText(e *curlew.Error) string { return cmp.Or(e.Message(), e.Code().String()) }

// ForeignError is the TypeURL of the detail that holds the whole error object,
// as JSON, of a JSON-RPC 2.0 server other than Curlew's, with the number and
// the data that it gave the error.
const ForeignError = "jsonrpc.org/error"

// errorIn returns the error in an answer.
func errorIn(m *message) *curlew.Error {
	return parseFailure(m.err).WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
}

func parseFailure(b []byte) *curlew.Error {
	var text string
	if b[0] == '"' && json.Unmarshal(b, &text) == nil {
		return curlew.NewError(curlew.Unknown, cmp.Or(text, "unspecified error"))
	}
	var f failure
	if b[0] != '{' || json.Unmarshal(b, &f) != nil {
		return curlew.NewError(curlew.Unknown, "error "+cut(b))
	}
	data, code, ok := parseData(f.Data)
	if !ok {
		return curlew.NewError(codeOf(f.Code), f.Message).
			WithDetails(curlew.Detail{TypeURL: ForeignError, Value: bytes.Clone(b)})
	}
	e := curlew.NewError(code, f.Message)
	for _, d := range data.Details {
		e = e.WithDetails(curlew.Detail{TypeURL: d.Type, Value: d.Value})
	}
	return e
}

// parseData reads what newFailure has written; others write something else.
func parseData(b []byte) (data failureData, code curlew.Code, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	ok = d.Decode(&data) == nil && code.UnmarshalText([]byte(data.Code)) == nil && code != curlew.OK
	return data, code, ok
}
