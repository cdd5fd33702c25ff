// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package shoptest

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/curlewrpc/curlew"
)

// Service is the shop's name.
const Service = "shop.v1.Shop"

// Item is what is bought.
type Item struct {
	SKU   string            `json:"sku"`
	Count int32             `json:"count"`
	Notes map[string]int64  `json:"notes"`
	Parts []*Item           `json:"parts"`
	Made  *time.Time        `json:"made"`
	Price *float64          `json:"price"`
	Photo []byte            `json:"photo"`
	Gift  bool              `json:"gift"`
	Names map[int32]string  `json:"names"`
	Big   uint64            `json:"big"`
	Tags  map[string]string `json:"tags"`
}

// Receipt is what one gets for it.
type Receipt struct {
	Items []string `json:"items"`
	Total int64    `json:"total"`
}

// Order asks for items by number.
type Order struct {
	Count int32 `json:"count"`
}

// Fault is a code that a call is to fail with.
type Fault struct {
	Code int32 `json:"code"`
}

// shop returns the shop as a service.
func shop() *curlew.Service {
	return curlew.NewService(Service,
		curlew.Unary("Buy", buy, curlew.Idempotent),
		curlew.ServerStream("Browse", browse),
		curlew.ClientStream("Fill", fill),
		curlew.BidiStream("Haggle", haggle),
		curlew.Unary("Fail", fail),
		curlew.Unary("Wait", wait),
		curlew.BidiStream("Refuse", refuse),
	)
}

// buy has the request's header "x-name" in the reply's header, and a trailer.
func buy(ctx context.Context, in *Item) (*Receipt, error) {
	call := curlew.CallFrom(ctx)
	call.ReplyHeader().Set("x-hello", call.Header().Get("x-name"))
	call.ReplyTrailer().Set("x-bye", "soon")
	return &Receipt{Items: []string{in.SKU}, Total: int64(in.Count)}, nil
}

func browse(ctx context.Context, in *Order, out curlew.Sender[Item]) error {
	for n := range in.Count {
		if err := out.Send(ctx, &Item{SKU: "sku", Count: n + 1}); err != nil {
			return err
		}
	}
	return nil
}

func fill(ctx context.Context, in curlew.Receiver[Item]) (*Receipt, error) {
	r := new(Receipt)
	for item, err := range in.All(ctx) {
		if err != nil {
			return nil, err
		}
		r.Items = append(r.Items, item.SKU)
		r.Total += int64(item.Count)
	}
	return r, nil
}

func haggle(ctx context.Context, both curlew.Bidi[Item, Item]) error {
	for item, err := range both.All(ctx) {
		if err != nil {
			return err
		}
		item.Count++
		if err := both.Send(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

// fail fails with the code that is asked for, and the time as a detail.
func fail(_ context.Context, in *Fault) (*Receipt, error) {
	detail, err := curlew.NewDetail(timestamppb.New(time.Unix(0, 0)))
	if err != nil {
		return nil, err
	}
	unknown := curlew.Detail{TypeURL: "type.googleapis.com/shop.v1.Secret", Value: []byte("abc")}
	return nil, curlew.NewError(curlew.Code(in.Code), "as asked for").WithDetails(detail, unknown)
}

// wait answers when the caller has given up.
func wait(ctx context.Context, _ *Order) (*Receipt, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// refuse ends before the requests do.
func refuse(context.Context, curlew.Bidi[Item, Item]) error {
	return curlew.NewError(curlew.PermissionDenied, "closed")
}
