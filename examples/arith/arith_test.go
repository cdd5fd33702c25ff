// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package arith_test

import (
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/examples/arith"
)

func serve(t *testing.T) *client.Client {
	t.Helper()
	var services []*curlew.Service
	for _, receiver := range []any{arith.Calculator{}, new(arith.Arith)} {
		s, err := curlew.Reflect(receiver)
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, s)
	}
	return curlewtest.Serve(t, services...)
}

func TestCalculator(t *testing.T) {
	c := serve(t)
	var sum arith.Sum
	if err := c.Call(t.Context(), "Calculator.Add", arith.Numbers{A: 7, B: 8}, &sum); err != nil {
		t.Fatal(err)
	}
	if sum.Value != 15 {
		t.Errorf("7 + 8 = %d, want 15", sum.Value)
	}
}

func TestArith(t *testing.T) {
	c := serve(t)
	var product int
	if err := c.Call(t.Context(), "Arith.Multiply", &arith.Args{A: 7, B: 8}, &product); err != nil {
		t.Fatal(err)
	}
	if product != 56 {
		t.Errorf("7 * 8 = %d, want 56", product)
	}
	var quo arith.Quotient
	if err := c.Call(t.Context(), "Arith.Divide", &arith.Args{A: 17, B: 5}, &quo); err != nil {
		t.Fatal(err)
	}
	if want := (arith.Quotient{Quo: 3, Rem: 2}); quo != want {
		t.Errorf("17 / 5 = %+v, want %+v", quo, want)
	}
	err := c.Call(t.Context(), "Arith.Divide", &arith.Args{A: 17}, &quo)
	if err == nil || err.Error() != "divide by zero" {
		t.Errorf("17 / 0 gives %v, want exactly the text of the error", err)
	}
}

// TestGo makes calls that share a Done channel, and one with its own.
func TestGo(t *testing.T) {
	c := serve(t)
	// [go]
	const calls = 10
	done := make(chan *client.Pending, calls)
	for i := range calls {
		c.Go(t.Context(), "Calculator.Add", &arith.Numbers{A: i, B: i}, new(arith.Sum), done)
	}
	total := 0
	for range calls {
		p := <-done // in the order in which they end
		if p.Error != nil {
			t.Fatal(p.Error)
		}
		total += p.Reply.(*arith.Sum).Value
	}
	// [/go]
	if total != 90 {
		t.Errorf("the sums add up to %d, want 90", total)
	}
	own := c.Go(t.Context(), "Arith.Divide", &arith.Args{A: 1}, new(arith.Quotient), nil)
	if p := <-own.Done; p != own || p.Error == nil || p.Error.Error() != "divide by zero" {
		t.Errorf("1 / 0 in the background: %v, want divide by zero", p.Error)
	}
}
