// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package greeter

import (
	"context"
	"strings"

	"github.com/curlewrpc/curlew"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
)

// [greeter]

// Greeter implements greetv1.GreeterService.
type Greeter struct{}

// Greet greets one person.
func (Greeter) Greet(_ context.Context, in *greetv1.GreetRequest) (*greetv1.GreetResponse, error) {
	if in.GetName() == "" {
		return nil, curlew.NewError(curlew.InvalidArgument, "whom shall I greet? The name is empty")
	}
	return &greetv1.GreetResponse{Text: "Hello, " + in.GetName() + "!"}, nil
}

// [/greeter]

// maxTimes bounds what one call of GreetOften may ask for.
const maxTimes = 1000

// GreetOften greets one person as many times as asked for.
func (g Greeter) GreetOften(ctx context.Context, in *greetv1.GreetOftenRequest, out greetv1.Greeter_GreetOftenServer) error {
	if in.GetTimes() > maxTimes {
		return curlew.Errorf(curlew.OutOfRange, "%d greetings are more than the %d that one call gives", in.GetTimes(), maxTimes)
	}
	for range in.GetTimes() {
		greeting, err := g.Greet(ctx, &greetv1.GreetRequest{Name: in.GetName()})
		if err != nil {
			return err
		}
		if err := out.Send(ctx, greeting); err != nil {
			return err
		}
	}
	return nil
}

// maxNames bounds the bytes of names that GreetAll gathers.
const maxNames = 64 << 10

// GreetAll greets all the people of a stream at once.
func (g Greeter) GreetAll(ctx context.Context, in greetv1.Greeter_GreetAllServer) (*greetv1.GreetResponse, error) {
	var names []string
	size := 0
	for request, err := range in.All(ctx) {
		if err != nil {
			return nil, err
		}
		names = append(names, request.GetName())
		if size += len(request.GetName()) + len(", "); size > maxNames {
			return nil, curlew.Errorf(curlew.ResourceExhausted, "the names are longer than %d bytes together", maxNames)
		}
	}
	return g.Greet(ctx, &greetv1.GreetRequest{Name: strings.Join(names, ", ")})
}

// GreetEach greets each person of a stream as it comes.
func (g Greeter) GreetEach(ctx context.Context, both greetv1.Greeter_GreetEachServer) error {
	for request, err := range both.All(ctx) {
		if err != nil {
			return err
		}
		greeting, err := g.Greet(ctx, request)
		if err != nil {
			return err
		}
		if err := both.Send(ctx, greeting); err != nil {
			return err
		}
	}
	return nil
}
