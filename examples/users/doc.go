// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package users implements the UserService of users.proto in memory. Its errors
// have codes and a typed detail, which tells a program what the text tells
// people.
package users
