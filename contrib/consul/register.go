// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/hashicorp/consul/api"
)

// errSuperseded says that another registration has taken the instance.
var errSuperseded = errors.New("the address was registered again")

// Register announces e as an instance of the service at the agent. If leave
// cannot reach the agent, the instance becomes critical after the TTL.
func (r *Registry) Register(ctx context.Context, service string, e discovery.Endpoint) (leave func(context.Context) error, err error) {
	if err := checkName(service); err != nil {
		return nil, err
	}
	instance, err := encode(service, e)
	if err != nil {
		return nil, err
	}
	l, err := r.acquire("")
	if err != nil {
		return nil, err
	}
	g := &registration{link: l, instance: instance, owner: rand.Text()}
	instance.Meta[ownerKey] = g.owner
	instance.Checks = r.checks(instance, g.check())
	if err := g.announce(ctx); err != nil {
		// It may have been taken all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = g.leave(ctx) // else it becomes critical
		l.release()
		return nil, l.explain("register "+instance.ID, err)
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
			if err = g.leave(ctx); err != nil {
				err = l.explain("deregister "+instance.ID+", which becomes critical by itself", err)
			}
			l.release()
		})
		return err
	}, nil
}

// checks returns the checks of an instance, of which one is the process's own.
func (r *Registry) checks(instance *api.AgentServiceRegistration, id string) api.AgentServiceChecks {
	checks := api.AgentServiceChecks{{
		CheckID: id, Name: "the process confirms it", TTL: r.ttl.String(), Status: api.HealthPassing,
		DeregisterCriticalServiceAfter: r.deregister.String(),
	}}
	if r.grpcCheck > 0 && instance.SocketPath == "" {
		host := instance.Address
		if host == "" {
			host = "127.0.0.1"
		}
		checks = append(checks, &api.AgentServiceCheck{
			CheckID: id + "-grpc", Name: "grpc.health.v1", GRPC: net.JoinHostPort(host, strconv.Itoa(instance.Port)),
			Interval: r.grpcCheck.String(), Timeout: min(r.grpcCheck, patience).String(),
		})
	}
	return checks
}

// registration is one instance that is kept. Its owner is keep, and leave after
// it.
type registration struct {
	link     *link
	instance *api.AgentServiceRegistration
	owner    string
}

// check returns the name of the check that the process confirms. It is this
// registration's alone, so that another one of the same address ends it.
func (g *registration) check() string { return own + g.owner }

// announce registers the instance and confirms it: an agent that restarts takes
// it for critical if that was never done.
func (g *registration) announce(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	within, cancel := bounded(ctx)
	defer cancel()
	err := g.link.Agent().ServiceRegisterOpts(g.instance, api.ServiceRegisterOpts{ReplaceExistingChecks: true}.WithContext(within))
	if err != nil {
		return err
	}
	return g.confirm(ctx)
}

// keep confirms the registration until ctx ends or the instance is another's.
func (g *registration) keep(ctx context.Context) {
	logger, ttl := g.link.registry.logger, g.link.registry.ttl
	for failures := 0; ; {
		wait := ttl/4 + mathrand.N(ttl/12)
		if failures > 0 {
			wait = min(wait, discovery.RetryDelay(failures))
		}
		if !resilience.Sleep(ctx, wait) {
			return
		}
		err := g.confirm(ctx)
		if unknown(err) {
			err = g.again(ctx)
		}
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() != nil:
			return
		case errors.Is(err, errSuperseded):
			logger.Info("curlew: a registration in Consul was replaced by another one", "instance", g.instance.ID)
			return
		default:
			failures++
			logger.Warn("curlew: a registration in Consul cannot be kept", "err", g.link.explain("confirm "+g.instance.ID, err))
		}
	}
}

func (g *registration) confirm(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var q *api.QueryOptions
	return g.link.Agent().UpdateTTLOpts(g.check(), "", api.HealthPassing, q.WithContext(ctx))
}

// again announces the instance anew unless it is another's. What Consul has lost
// many have lost, so it does not hurry.
func (g *registration) again(ctx context.Context) error {
	switch mine, err := g.mine(ctx); {
	case err != nil && !unknown(err):
		return err
	case err == nil && !mine:
		return errSuperseded
	}
	g.link.registry.logger.Warn("curlew: Consul has lost a registration; it is made again", "instance", g.instance.ID)
	if !resilience.Sleep(ctx, mathrand.N(g.link.registry.ttl/5)) {
		return ctx.Err()
	}
	return g.announce(ctx)
}

// mine reports whether the instance that the agent knows is this registration's.
func (g *registration) mine(ctx context.Context) (bool, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var q *api.QueryOptions
	s, _, err := g.link.Agent().Service(g.instance.ID, q.WithContext(ctx))
	return err == nil && s.Meta[ownerKey] == g.owner, err
}

// leave takes the instance back unless it is another's.
func (g *registration) leave(ctx context.Context) error {
	mine, err := g.mine(ctx)
	if mine {
		ctx, cancel := bounded(ctx)
		defer cancel()
		var q *api.QueryOptions
		err = g.link.Agent().ServiceDeregisterOpts(g.instance.ID, q.WithContext(ctx))
	}
	if unknown(err) {
		return nil
	}
	return err
}

// bounded bounds ctx by the patience unless it has a deadline of its own.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}
