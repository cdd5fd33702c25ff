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
	// has started. Each update is whole: it replaces the one before. An error
	// says why nothing newer is known; the last update still counts. A sequence
	// may go on after an error. If it ends with one, whoever watches waits a
	// while and calls Watch again; if it ends with an update, that is final.
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
	// is known to the registry. It is announced, again after a registry has lost
	// it, until leave is called: that takes it back, returns once the registry
	// knows or ctx ends, and has ended all that Register started.
	Register(ctx context.Context, service string, e Endpoint) (leave func(ctx context.Context) error, err error)
}
