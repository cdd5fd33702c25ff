// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package checkcmd is the command "curlew check": it compares two versions of an
// interface, each from .proto files, a git revision, a descriptor set or a live
// server, and reports what the change breaks by the rules of package rules.
package checkcmd
