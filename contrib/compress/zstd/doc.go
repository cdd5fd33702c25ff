// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package zstd is the compression of messages by Zstandard (RFC 8878), which is
// smaller and faster than gzip. Give it to the protocols of a server or a client:
//
//	grpc.NewServer(codecs, zstd.New(), compress.Gzip())
package zstd
