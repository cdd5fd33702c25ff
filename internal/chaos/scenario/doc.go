// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package scenario holds what can happen to a fleet, and measures what its
// clients notice. [All] lists the scenarios; [Run] runs one.
package scenario
