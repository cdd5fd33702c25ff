// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package testing_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/server"
)

// Order and Price are the messages of the service under test.
type (
	Order struct{ Item string }
	Price struct{ Cents int }
)

// Shop is the service under test.
type Shop struct{ patience chan struct{} }

// Price says what an item costs.
func (s Shop) Price(ctx context.Context, in *Order) (*Price, error) {
	switch in.Item {
	case "tea":
		return &Price{Cents: 250}, nil
	case "whisky": // has to be looked for
		select {
		case <-s.patience:
			return &Price{Cents: 4900}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	default:
		return nil, curlew.Errorf(curlew.NotFound, "we have no %s", in.Item)
	}
}

// [serve]
func TestPrice(t *testing.T) {
	shop, err := curlew.Reflect(Shop{})
	if err != nil {
		t.Fatal(err)
	}
	c := curlewtest.Serve(t, shop)
	var price Price
	if err := c.Call(t.Context(), "Shop.Price", Order{"tea"}, &price); err != nil || price.Cents != 250 {
		t.Errorf("tea costs %d cents, %v; want 250", price.Cents, err)
	}
	if err := c.Call(t.Context(), "Shop.Price", Order{"sand"}, &price); !errors.Is(err, curlew.NotFound) {
		t.Errorf("sand gives %v, want not_found", err)
	}
}

// [/serve]

// [faults]
func TestPriceOverABadLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time is virtual here
		shop, err := curlew.Reflect(Shop{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := server.New()
		if err == nil {
			err = s.Register(shop)
		}
		if err != nil {
			t.Fatal(err)
		}
		served := curlewtest.Start(t, s)
		c := served.Client()
		var price Price

		served.Delay(200 * time.Millisecond) // each way
		begin := time.Now()
		if err := c.Call(t.Context(), "Shop.Price", Order{"tea"}, &price); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < 400*time.Millisecond {
			t.Errorf("the call took %v, want two times 200 ms at least", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err = c.Call(ctx, "Shop.Price", Order{"whisky"}, &price)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("what takes too long gives %v, want deadline_exceeded", err)
		}

		served.Unplug() // nothing arrives any more, and nobody is told
		err = c.Call(t.Context(), "Shop.Price", Order{"tea"}, &price)
		if !errors.Is(err, curlew.Unavailable) {
			t.Errorf("a dead line gives %v, want unavailable", err)
		}
	})
}

// [/faults]
