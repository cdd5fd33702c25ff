// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/curlewrpc/curlew"
)

// toMD returns a header as grpc-go has it.
func toMD(h *curlew.Header) metadata.MD {
	md := make(metadata.MD, h.Len())
	for key, value := range h.All() {
		md[key] = append(md[key], value)
	}
	return md
}

// add adds metadata to a header. Nothing is added if some of it cannot be sent.
// Keys that belong to the protocol are left out, as grpc-go does.
func add(h *curlew.Header, md metadata.MD) error {
	var fields curlew.Header
	for key, values := range md {
		key = strings.ToLower(key)
		if isReserved(key) {
			continue
		}
		for _, value := range values {
			fields.Add(key, value)
		}
	}
	if err := fields.Validate(); err != nil {
		return status.Error(codes.Internal, curlew.ErrorOf(err).Message())
	}
	for key, value := range fields.All() {
		h.Add(key, value)
	}
	return nil
}

// isReserved reports whether grpc-go sends no metadata of this key.
func isReserved(key string) bool {
	switch key {
	case "content-type", "user-agent", "te",
		"grpc-message-type", "grpc-encoding", "grpc-message", "grpc-status", "grpc-timeout":
		return true
	}
	return strings.HasPrefix(key, ":")
}
