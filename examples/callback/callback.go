// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callback

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// [server]

// Question is what the server asks its client, Answer what it hears.
type (
	Question struct{ Text string }
	Answer   struct{ Yes bool }
)

// approve is what the server knows of the client's service.
var approve = curlew.Unary[Question, Answer]("Operator/Approve", nil)

// Release says what to deploy, Report what has become of it.
type (
	Release struct{ Name string }
	Report  struct{ Text string }
)

// Deployer is served by the server.
type Deployer struct{}

// Deploy asks whoever calls it before it does anything.
func (Deployer) Deploy(ctx context.Context, in *Release) (*Report, error) {
	client := curlew.CallFrom(ctx).Peer().Caller()
	var answer Answer
	if err := client.Invoke(ctx, approve, &Question{"Deploy " + in.Name + "?"}, &answer); err != nil {
		return nil, err
	}
	if !answer.Yes {
		return nil, curlew.NewError(curlew.Aborted, "the operator said no")
	}
	return &Report{in.Name + " is deployed"}, nil
}

// [/server]

// [client]

// Operator is offered by the client.
type Operator struct {
	Decide func(question string) bool
}

// Approve answers a question of the server.
func (o Operator) Approve(_ context.Context, q *Question) (*Answer, error) {
	return &Answer{Yes: o.Decide(q.Text)}, nil
}

// [/client]
