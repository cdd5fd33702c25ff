// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"iter"

	"github.com/curlewrpc/curlew/policy"
)

// Resolver finds the endpoints of a target and tells how they change. It is
// safe for concurrent use.
type Resolver interface {
	// Scheme is that of the targets which the resolver is for, "etcd".
	Scheme() string
	// Watch returns the target's endpoints over time. It does not wait; its
	// error says what is wrong with the target.
	//
	// The sequence runs in the goroutine of whoever ranges over it, waits there
	// for changes, and ends soon after ctx or the loop does, with all that it
	// has started.
	//
	// Each update is whole: it replaces the one before. The order of its
	// endpoints means nothing, and no two have the same network and address. The
	// first comes as soon as the registry has answered, also if it knows nothing
	// of the name: then it has no endpoints, and so has the update after the last
	// instance has left. Several changes in a row may be told as one.
	//
	// An error says why nothing newer is known, "etcd: 10.0.0.1:2379 does not
	// answer"; the last update still counts. While a registry is away there are
	// errors and no updates, least of all empty ones, and what it has lost
	// meanwhile is found by itself once it is back. A sequence may go on after an
	// error. If it ends with one, whoever watches waits a while and calls Watch
	// again; if it ends with an update, that is final.
	Watch(ctx context.Context, t Target) (iter.Seq2[Update, error], error)
}

// Update is what is known of a target. Nobody changes it once it is told.
type Update struct {
	Endpoints []Endpoint
	// Policy replaces the client's policy if it is not nil.
	Policy *policy.Snapshot
}

// Registrar makes a server known to resolvers. It is safe for concurrent use.
type Registrar interface {
	// Register announces that e serves the named service, and returns once that
	// is known to the registry; ctx bounds only this. It is announced, again
	// after a registry has lost it, until leave is called: that takes it back,
	// returns once the registry knows or ctx ends, and has ended all that Register
	// started. Calling it again does nothing.
	//
	// Registering the same address again replaces what was told of it, its weight
	// for example; the leave of the earlier registration then does nothing.
	//
	// The error says which registry refused what, or did not answer.
	Register(ctx context.Context, service string, e Endpoint) (leave func(ctx context.Context) error, err error)
}

// Refresher is what a [Resolver] is, too, that asks now and then instead of being
// told.
type Refresher interface {
	// Refresh has watches of t ask soon, because connections fail to what they
	// have told. It does not wait, and may be called often.
	Refresh(t Target)
}
