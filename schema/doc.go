// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package schema turns Go types into protobuf messages: it derives their
// descriptors and encodes and decodes their values as protobuf and as JSON. It
// knows nothing of RPC.
package schema
