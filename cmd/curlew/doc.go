// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command curlew makes services and does everything with them that is done from
// a shell: it generates code, calls methods, measures servers, checks changes of
// interfaces, and finds out why a call does not work.
//
//	curlew help
package main
