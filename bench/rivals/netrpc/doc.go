// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package netrpc has net/rpc of the standard library as a rival, with its own
// gob codec and with its JSON codec. It has nothing to set. Its messages are
// structs, since neither codec knows protobuf; its calls know no deadline, so
// that the client gives up waiting by itself, as its users do.
package netrpc
