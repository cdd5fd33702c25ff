// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package target connects commands to servers: the flags that say how, the
// protocols by name, what a failed connection means, and methods and messages
// that are known from descriptors only.
//
//	var to target.Flags
//	to.AddTo(cmd.Flags())
//	…
//	c, err := to.Dial(ctx, "localhost:8080")
//	m := target.Method(descriptor)
//	err = c.Invoke(ctx, m, request, reply, to.CallOptions()...) // dynamicpb messages
package target
