// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package rivaltest tests that a [rival.Framework] does what it is measured
// for: it answers every message with that message's payload, on as many
// connections as it was told to, brings whole streams, and keeps deadlines.
package rivaltest
