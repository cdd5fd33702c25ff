// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"encoding/base64"
	"strings"

	"github.com/curlewrpc/curlew"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

// AddHeader adds fields of the suite's to h. The suite has binary values in
// base64, Curlew as they are.
func AddHeader(h *curlew.Header, fields []*conformancev1.Header) {
	for _, f := range fields {
		for _, value := range f.GetValue() {
			h.Add(f.GetName(), decode(f.GetName(), value))
		}
	}
}

// Header returns h as the suite has it.
func Header(h *curlew.Header) []*conformancev1.Header {
	var fields []*conformancev1.Header
	byName := make(map[string]*conformancev1.Header)
	for name, value := range h.All() {
		f := byName[name]
		if f == nil {
			f = &conformancev1.Header{Name: name}
			byName[name] = f
			fields = append(fields, f)
		}
		f.Value = append(f.Value, encode(name, value))
	}
	return fields
}

func isBinary(name string) bool { return strings.HasSuffix(strings.ToLower(name), "-bin") }

func decode(name, value string) string {
	if isBinary(name) {
		if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "=")); err == nil {
			return string(b)
		}
	}
	return value
}

func encode(name, value string) string {
	if isBinary(name) {
		return base64.RawStdEncoding.EncodeToString([]byte(value))
	}
	return value
}
