// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package json is the JSON codec: protobuf messages as ProtoJSON, plain Go
// values as the ProtoJSON of the schema that is derived from their types. An
// int is {"value":15}, a struct an object with the names of its json tags or
// else of its Go fields; what is zero is left out.
package json
