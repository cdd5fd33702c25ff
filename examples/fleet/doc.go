// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package fleet is a service of several instances: they announce themselves to a
// registry, and their clients find them, spread the load and survive the loss of
// one.
package fleet
