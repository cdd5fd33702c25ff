// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"context"
	"iter"

	"github.com/curlewrpc/curlew"
)

// Client asks servers for the health of their services. It is safe for
// concurrent use.
type Client struct {
	caller       curlew.Caller
	check, watch *curlew.Method
}

// NewClient returns a client that calls by c.
func NewClient(c curlew.Caller) *Client {
	return &Client{
		caller: c,
		check:  curlew.Unary[checkRequest, checkResponse](ServiceName+"/Check", nil, curlew.NoSideEffects),
		watch:  curlew.ServerStream[checkRequest, checkResponse](ServiceName+"/Watch", nil, curlew.NoSideEffects),
	}
}

// Check returns the status of a service, or of the server as a whole for "". A
// service that the server does not know is a [curlew.NotFound] error.
func (c *Client) Check(ctx context.Context, service string, opts ...curlew.CallOption) (Status, error) {
	var response checkResponse
	err := c.caller.Invoke(ctx, c.check, &checkRequest{service}, &response, opts...)
	return response.Status, err
}

// Watch ranges over the status of a service and its changes, [ServiceUnknown]
// if the server does not know it, up to the error that ends the call, which
// comes last. A server that does not offer this answers
// [curlew.Unimplemented]; after other errors the caller may watch again, after
// a while.
func (c *Client) Watch(ctx context.Context, service string, opts ...curlew.CallOption) iter.Seq2[Status, error] {
	return func(yield func(Status, error) bool) {
		stream, err := curlew.OpenServerStream[checkRequest, checkResponse](ctx, c.caller, c.watch, &checkRequest{service}, opts...)
		if err != nil {
			yield(Unknown, err)
			return
		}
		for response, err := range stream.All(ctx) {
			if err != nil {
				yield(Unknown, err)
				return
			}
			if !yield(response.Status, nil) {
				return
			}
		}
	}
}
