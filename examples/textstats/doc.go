// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package textstats counts words while texts stream in: files go up in pieces,
// statistics come down whenever they have changed and the client is ready for
// more. [Service] is the server's half, [Count] the client's.
package textstats
