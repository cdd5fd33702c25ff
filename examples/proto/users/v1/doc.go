// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package usersv1 is the UserService of users.proto: its messages, as
// protoc-gen-go makes them, and what protoc-gen-curlew joins to them.
package usersv1
