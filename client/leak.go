// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
)

// watchLeak has it logged if a call is still open after so long: from where it
// was made, as far as the stack of this goroutine tells.
func watchLeak(call *curlew.Call, p *pool, after time.Duration) *time.Timer {
	stack := make([]uintptr, 64)
	stack = stack[:runtime.Callers(2, stack)]
	name := call.Method().FullName()
	return time.AfterFunc(after, func() {
		p.figures.leaks.Add(1)
		p.cluster.client.settings.logger.Warn("curlew: a call is open for long; close its stream, or end its context",
			"method", name, "address", p.remote.String(), "after", after, "opened", frames(stack))
	})
}

// frames writes a stack as a panic does, without Curlew's own client.
func frames(stack []uintptr) string {
	var b strings.Builder
	all := runtime.CallersFrames(stack)
	for {
		f, more := all.Next()
		if !strings.HasPrefix(f.Function, "github.com/curlewrpc/curlew/client.(") {
			fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}
