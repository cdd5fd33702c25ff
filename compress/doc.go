// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package compress holds the compression of messages: what protocols ask of an
// algorithm, and gzip, which all of them know.
//
// Servers and clients choose among compressors by name, as their peers ask for
// them; others, such as zstd, are values that are given to protocols:
//
//	grpc.NewServer(codecs, compress.Gzip(), zstd.New())
package compress
