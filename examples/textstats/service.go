// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package textstats

import (
	"context"
	"sync"

	"github.com/curlewrpc/curlew"
)

// Service is the server's half.
type Service struct{}

// [new-service]

// NewService returns TextStats as a service.
func NewService() *curlew.Service {
	return curlew.NewService("TextStats", curlew.BidiStream("Count", Service{}.Count))
}

// [/new-service]

// [count]

// Count counts what comes in. It never lets the client wait for its
// statistics: who reads slowly gets them less often.
func (Service) Count(ctx context.Context, stream curlew.Bidi[Chunk, Stats]) error {
	var (
		mu      sync.Mutex // guards counter
		counter counter
	)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	changed := make(chan struct{}, 1)
	sent := make(chan struct{})
	go func() { // sends, while the loop below receives
		defer close(sent)
		for range changed {
			mu.Lock()
			stats := counter.snapshot()
			mu.Unlock()
			if err := stream.Send(ctx, stats); err != nil {
				stop(err)
				return
			}
		}
	}()

	err := func() error {
		defer close(changed)
		for chunk, err := range stream.All(ctx) {
			if err != nil {
				return err
			}
			mu.Lock()
			err = counter.add(chunk)
			mu.Unlock()
			if err != nil {
				return err
			}
			select {
			case changed <- struct{}{}:
			default: // it will see this change, too
			}
		}
		return nil
	}()
	if err != nil {
		stop(err)
		<-sent
		return err
	}
	<-sent
	last := counter.snapshot()
	last.Done = true
	return stream.Send(ctx, last)
}

// [/count]
