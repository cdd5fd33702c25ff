// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package connectgo has connectrpc.com/connect as a rival, with the gRPC protocol
// and with its own. Clients and handlers are made without generated code, which
// would only wrap them. Both run over HTTP/2 of net/http without TLS.
package connectgo
