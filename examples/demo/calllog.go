// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// callLog counts calls, and prints them once it is told to.
type callLog struct {
	out         *printer
	show        atomic.Bool
	ok, notOkay atomic.Int64
}

// intercept is the [curlew.Interceptor].
func (l *callLog) intercept(next curlew.Handler) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		begin := time.Now()
		call.OnEnd(func(err error) {
			if err == nil {
				l.ok.Add(1)
			} else {
				l.notOkay.Add(1)
			}
			if l.show.Load() {
				outcome := "ok"
				if err != nil {
					outcome = err.Error()
				}
				l.out.printf("%s  %s%s%9s  %s\n", begin.Format(time.TimeOnly), pad(call.Peer().Protocol, 8),
					pad(call.Method().FullName(), 28), duration(time.Since(begin)), outcome)
			}
		})
		return next(ctx, call)
	}
}

func (l *callLog) summary() string {
	return fmt.Sprintf("Served %d calls; %d of them ended with an error, as some should.", l.ok.Load()+l.notOkay.Load(), l.notOkay.Load())
}

// journal is a service for one-way calls: nobody waits for its answer, so the
// tour looks at what it has received.
type journal chan string

// Write takes an entry.
func (j journal) Write(ctx context.Context, entry string) (struct{}, error) {
	select {
	case j <- entry:
		return struct{}{}, nil
	case <-ctx.Done():
		return struct{}{}, ctx.Err()
	}
}
