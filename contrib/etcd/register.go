// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// mostLeases is how many leases a registration remembers.
const mostLeases = 16

// errSuperseded says that another registration has taken the key.
var errSuperseded = errors.New("the address was registered again")

// Register announces e as an instance of the service, under a lease. If leave
// cannot reach etcd, the registration ends with the lease.
func (r *Registry) Register(ctx context.Context, service string, e discovery.Endpoint) (leave func(context.Context) error, err error) {
	folder, err := r.folder(service)
	if err != nil {
		return nil, err
	}
	name, content, err := encode(e)
	if err != nil {
		return nil, err
	}
	l, err := r.acquire(ctx, "")
	if err != nil {
		return nil, err
	}
	g := &registration{registry: r, link: l, key: folder + name, content: content}
	if err := g.announce(ctx, true); err != nil {
		r.release(l, "")
		return nil, l.explain("register "+g.key, err)
	}
	life, cancel := context.WithCancel(context.Background())
	var kept sync.WaitGroup
	kept.Go(func() { g.keep(life) }) // leave waits for it
	var once sync.Once
	return func(ctx context.Context) error {
		var err error
		once.Do(func() {
			cancel()
			kept.Wait()
			err = g.revoke(ctx)
			r.release(l, "")
		})
		return err
	}, nil
}

// registration is one key that is kept. Its owner is keep, and leave after it.
type registration struct {
	registry     *Registry
	link         *link
	key, content string
	lease        clientv3.LeaseID   // that of the key
	leases       []clientv3.LeaseID // some of which may be the key's if an answer was lost
}

// announce writes the key under a new lease. Unless it is the first time, it
// leaves a key alone that another registration has written meanwhile.
func (g *registration) announce(ctx context.Context, first bool) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	client := g.link.client
	granted, err := client.Grant(ctx, int64((g.registry.ttl+time.Second-1)/time.Second))
	if err != nil {
		return err
	}
	g.leases = append(g.leases, granted.ID)
	if n := len(g.leases) - mostLeases; n > 0 {
		g.leases = slices.Delete(g.leases, 0, n)
	}
	put := clientv3.OpPut(g.key, g.content, clientv3.WithLease(granted.ID))
	if first {
		_, err = client.Do(ctx, put)
	} else {
		err = g.replace(ctx, put)
	}
	if err != nil {
		// It may have been written all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = client.Revoke(ctx, granted.ID) // else it expires
		return err
	}
	g.lease = granted.ID
	return nil
}

// replace writes the key if it is missing or this registration's.
func (g *registration) replace(ctx context.Context, put clientv3.Op) error {
	got, err := g.link.client.Get(ctx, g.key)
	if err != nil {
		return err
	}
	var modified int64
	if len(got.Kvs) > 0 {
		modified = got.Kvs[0].ModRevision
		if !slices.Contains(g.leases, clientv3.LeaseID(got.Kvs[0].Lease)) {
			return errSuperseded
		}
	}
	unchanged := clientv3.Compare(clientv3.ModRevision(g.key), "=", modified)
	done, err := g.link.client.Txn(ctx).If(unchanged).Then(put).Commit()
	if err == nil && !done.Succeeded {
		err = errors.New("the key has changed meanwhile")
	}
	return err
}

// keep keeps the registration until ctx ends or the key is another's.
func (g *registration) keep(ctx context.Context) {
	for {
		err := g.renew(ctx)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errSuperseded) {
			g.registry.logger.Warn("curlew: etcd has lost a registration; it is made again", "key", g.key, "err", err)
			err = g.again(ctx)
		}
		switch {
		case errors.Is(err, errSuperseded):
			g.registry.logger.Info("curlew: a registration in etcd was replaced by another one", "key", g.key)
			return
		case err != nil:
			return // ctx has ended
		}
	}
}

// renew keeps the lease, and looks each time whether the key is there. It
// returns why it cannot go on.
func (g *registration) renew(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renewals, err := g.link.client.KeepAlive(ctx, g.lease)
	if err != nil {
		return g.link.explain("keep the lease of "+g.key, err)
	}
	for range renewals {
		got, err := g.link.client.Get(ctx, g.key)
		switch {
		case err != nil: // the lease will tell
		case got.Count == 0:
			return fmt.Errorf("etcd at %s: the key was deleted", g.link.endpoints)
		case got.Kvs[0].Lease != int64(g.lease):
			return errSuperseded
		}
	}
	return fmt.Errorf("etcd at %s: the lease has ended", g.link.endpoints)
}

// again announces the registration anew, until it succeeds or ctx ends. What
// etcd has lost many have lost, so it does not hurry.
func (g *registration) again(ctx context.Context) error {
	wait := rand.N(g.registry.ttl / 5)
	for failures := 1; ; failures++ {
		if !resilience.Sleep(ctx, wait) {
			return ctx.Err()
		}
		err := g.announce(ctx, false)
		if err == nil || errors.Is(err, errSuperseded) || ctx.Err() != nil {
			return err
		}
		g.registry.logger.Warn("curlew: a registration in etcd cannot be made again yet", "err", g.link.explain("register "+g.key, err))
		wait = discovery.RetryDelay(failures)
	}
}

// revoke ends the lease, and with it the key unless it is another's.
func (g *registration) revoke(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := g.link.client.Revoke(ctx, g.lease)
	if err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return g.link.explain("revoke the lease of "+g.key+", which ends by itself", err)
	}
	return nil
}

// bounded bounds ctx by the patience unless it has a deadline of its own.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}
