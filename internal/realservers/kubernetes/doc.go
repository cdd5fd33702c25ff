// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package kubernetes holds the tests of contrib/kubernetes before a real API
// server of Kubernetes.
package kubernetes
