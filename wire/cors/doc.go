// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package cors says which web pages may call a server from a browser, by the
// Fetch Standard's HTTP-CORS protocol, for all protocols over HTTP.
//
// Pages of the server's own origin always may; those of others, only as a
// [Config] allows it:
//
//	s, err := server.New(server.WithCORS(cors.Config{Origins: []string{"https://shop.example"}}))
package cors
