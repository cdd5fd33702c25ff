// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		c := dial(t, &network{serve: h.serve}, "a:1")
		var reply string
		p := c.Go(t.Context(), "Greeter.Hello", "Ada", &reply, nil)
		synctest.Wait()
		select {
		case <-p.Done:
			t.Fatal("done before the reply")
		default:
		}
		close(h.letGo)
		assert.True(t, <-p.Done == p)
		assert.NoError(t, p.Error)
		assert.Equal(t, p.Method, "Greeter.Hello")

		p = <-c.Go(t.Context(), "Greeter.Hello", nil, &reply, nil).Done
		assert.ErrorIs(t, p.Error, curlew.InvalidArgument)
	})
}

func TestGoWithSharedChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, new(network), "a:1")
		done := make(chan *Pending, 2)
		sent := make(map[*Pending]bool)
		for range 10 {
			sent[c.Go(t.Context(), "Greeter.Hello", "Ada", new(string), done)] = true
		}
		synctest.Wait()
		for range 10 {
			delete(sent, <-done)
		}
		assert.Equal(t, len(sent), 0, "none is lost when the channel is full")

		for range 4 {
			c.Go(t.Context(), "Greeter.Hello", "Ada", new(string), done)
		}
		synctest.Wait()
		assert.NoError(t, c.Close()) // does not wait for readers of done
		assert.Equal(t, len(done), 2)
		assert.ErrorIs(t, c.Go(t.Context(), "Greeter.Hello", "Ada", new(string), done).Error, curlew.Canceled)
		late := <-c.Go(t.Context(), "Greeter.Hello", "Ada", new(string), nil).Done
		assert.ErrorIs(t, late.Error, curlew.Canceled)
		assert.Panics(t, func() { c.Go(t.Context(), "Greeter.Hello", "Ada", new(string), make(chan *Pending)) })
	})
}
