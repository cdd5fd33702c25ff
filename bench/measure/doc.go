// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package measure measures one framework in one scenario. The server and the
// client are processes of their own, each a run of a program that calls [Main]
// with its frameworks; [Run] starts both and tells what came out.
package measure
