// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package doctorcmd is the command curlew doctor, which finds out why a call
// does not work. It goes the way of a call step by step (resolve, dial, TLS,
// protocol, health, reflection, method), each bounded in time, and says what it
// found and what to do about it.
//
//	curlew doctor shop.example:443 shop.v1.Cart/Add --tls
package doctorcmd
