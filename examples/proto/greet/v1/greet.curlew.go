// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package greetv1

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// GreeterName is the full name of the Greeter service.
const GreeterName = "greet.v1.Greeter"

// GreeterService is implemented by those who serve greet.v1.Greeter.
//
// Greeter greets people, with a method of each of the four kinds.
type GreeterService interface {
	// Greet greets one person.
	Greet(ctx context.Context, request *GreetRequest) (*GreetResponse, error)
	// GreetOften greets one person as many times as asked for.
	GreetOften(ctx context.Context, request *GreetOftenRequest, responses curlew.Sender[GreetResponse]) error
	// GreetAll greets all the people of a stream at once.
	GreetAll(ctx context.Context, requests curlew.Receiver[GreetRequest]) (*GreetResponse, error)
	// GreetEach greets each person of a stream as it comes.
	GreetEach(ctx context.Context, stream curlew.Bidi[GreetRequest, GreetResponse]) error
}

// NewGreeterService returns impl as a service that servers and clients take.
func NewGreeterService(impl GreeterService) *curlew.Service {
	return curlew.NewService(GreeterName,
		curlew.Unary("Greet", impl.Greet, curlew.NoSideEffects),
		curlew.ServerStream("GreetOften", impl.GreetOften),
		curlew.ClientStream("GreetAll", impl.GreetAll),
		curlew.BidiStream("GreetEach", impl.GreetEach),
	)
}

// GreeterClient calls greet.v1.Greeter.
//
// Greeter greets people, with a method of each of the four kinds.
type GreeterClient interface {
	// Greet greets one person.
	Greet(ctx context.Context, request *GreetRequest, opts ...curlew.CallOption) (*GreetResponse, error)
	// GreetOften greets one person as many times as asked for.
	GreetOften(ctx context.Context, request *GreetOftenRequest, opts ...curlew.CallOption) (curlew.Receiver[GreetResponse], error)
	// GreetAll greets all the people of a stream at once.
	GreetAll(ctx context.Context, opts ...curlew.CallOption) (curlew.Upload[GreetRequest, GreetResponse], error)
	// GreetEach greets each person of a stream as it comes.
	GreetEach(ctx context.Context, opts ...curlew.CallOption) (curlew.Dialogue[GreetRequest, GreetResponse], error)
}

// NewGreeterClient returns a client that calls through c, which may be a
// client.Client, a peer's Caller or a test's.
func NewGreeterClient(c curlew.Caller) GreeterClient { return greeterClient{c} }

type greeterClient struct{ caller curlew.Caller }

var (
	greeterGreet      = curlew.Unary[GreetRequest, GreetResponse](GreeterName+"/Greet", nil, curlew.NoSideEffects)
	greeterGreetOften = curlew.ServerStream[GreetOftenRequest, GreetResponse](GreeterName+"/GreetOften", nil)
	greeterGreetAll   = curlew.ClientStream[GreetRequest, GreetResponse](GreeterName+"/GreetAll", nil)
	greeterGreetEach  = curlew.BidiStream[GreetRequest, GreetResponse](GreeterName+"/GreetEach", nil)
)

func (c greeterClient) Greet(ctx context.Context, request *GreetRequest, opts ...curlew.CallOption) (*GreetResponse, error) {
	response := new(GreetResponse)
	if err := c.caller.Invoke(ctx, greeterGreet, request, response, opts...); err != nil {
		return nil, err
	}
	return response, nil
}

func (c greeterClient) GreetOften(ctx context.Context, request *GreetOftenRequest, opts ...curlew.CallOption) (curlew.Receiver[GreetResponse], error) {
	return curlew.OpenServerStream[GreetOftenRequest, GreetResponse](ctx, c.caller, greeterGreetOften, request, opts...)
}

func (c greeterClient) GreetAll(ctx context.Context, opts ...curlew.CallOption) (curlew.Upload[GreetRequest, GreetResponse], error) {
	return curlew.OpenClientStream[GreetRequest, GreetResponse](ctx, c.caller, greeterGreetAll, opts...)
}

func (c greeterClient) GreetEach(ctx context.Context, opts ...curlew.CallOption) (curlew.Dialogue[GreetRequest, GreetResponse], error) {
	return curlew.OpenBidi[GreetRequest, GreetResponse](ctx, c.caller, greeterGreetEach, opts...)
}
