// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
)

// witness is a picker that notes what it is told.
type witness struct {
	balance.Picker
	mu      sync.Mutex
	results []balance.Result
}

func (w *witness) Pick(ctx context.Context, info balance.Info) (balance.Pick, error) {
	if since := time.Since(info.Now); since < 0 || since > time.Millisecond {
		panic("the time of a pick is not now")
	}
	pick, err := w.Picker.Pick(ctx, info)
	pick.Feedback = w
	return pick, err
}

func (w *witness) Done(r balance.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results = append(w.results, r)
}

// Pickers hear what servers say of their load, and when calls ended.
func TestLoadReports(t *testing.T) {
	for _, reports := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			network := mem.New()
			var opts []server.Option
			if reports {
				opts = append(opts, server.WithInterceptors(balance.ReportLoad(func() balance.Load { return balance.Load{CPU: 0.5, QPS: 100} })))
			}
			defer named(t, network, "a:1", opts...)()
			w := &witness{Picker: new(balance.RoundRobin)}
			c, err := client.New("a:1", client.WithDialer(network.DialContext), client.WithPicker(func() balance.Picker { return w }))
			assert.NoError(t, err)
			defer c.Close()
			pass := func() { <-time.After(time.Minute) }
			pass() // until nothing of the beginning is now
			var name string
			var trailer curlew.Header
			assert.NoError(t, c.Call(t.Context(), "Who.Is", number{}, &name, curlew.CaptureTrailer(&trailer)))
			assert.Equal(t, len(w.results), 1)
			assert.Equal(t, w.results[0].Now, time.Now())
			if !reports {
				assert.True(t, w.results[0].Load == nil, "no report")
				return
			}
			assert.Equal(t, *w.results[0].Load, balance.Load{CPU: 0.5, QPS: 100})
		})
	}
}
