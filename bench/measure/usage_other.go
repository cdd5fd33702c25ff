// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package measure

// cpuUsage is not measured here.
func cpuUsage() Usage { return Usage{} }
