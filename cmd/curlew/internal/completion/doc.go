// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package completion completes the names of services and methods in a shell, as
// the server that stands on the command line has them.
//
//	cmd.ValidArgsFunction = completion.Methods(&to, &from)
package completion
