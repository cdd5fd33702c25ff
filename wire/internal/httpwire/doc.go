// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package httpwire is what the protocols over HTTP have in common, and neither
// side of them should write twice: timeouts, metadata in fields, bodies with a
// limit, gzip, the table of codes and statuses, and errors as JSON.
package httpwire
