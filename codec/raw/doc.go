// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package raw is the codec of those who forward messages without reading
// them: a message is a *[]byte and stands for its own encoding.
package raw
