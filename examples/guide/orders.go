// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// Order is what somebody wants, Receipt that it is on its way.
type (
	Order struct {
		Item  string
		Count int
	}
	Receipt struct{ Text string }
)

// Stock says how many of an item are left. Another service may be behind it, so
// it takes a context.
type Stock func(ctx context.Context, item string) (int, error)

// Orders is a service in plain Go.
type Orders struct{ Stock Stock }

// [metadata-server]

// Place takes an order of the tenant that the request's header names.
func (o Orders) Place(ctx context.Context, in *Order) (*Receipt, error) {
	call := curlew.CallFrom(ctx)
	tenant := call.Header().Get("tenant")
	if tenant == "" {
		return nil, curlew.NewError(curlew.InvalidArgument, "whose order is this? Send a header tenant")
	}
	call.ReplyHeader().Set("warehouse", "north")
	left, err := o.Stock(ctx, in.Item) // ctx has the caller's deadline
	if err != nil {
		return nil, err
	}
	if left < in.Count {
		return nil, curlew.Errorf(curlew.FailedPrecondition, "%d of %s are left, not %d", left, in.Item, in.Count)
	}
	call.ReplyTrailer().Set("cost", "3")
	return &Receipt{Text: in.Item + " for " + tenant}, nil
}

// [/metadata-server]

// Ready says whether the shop is open. It has the shape of net/rpc's methods.
func (Orders) Ready(_ *struct{}, yes *bool) error {
	*yes = true
	return nil
}
