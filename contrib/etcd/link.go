// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// patience bounds what waits for an answer of etcd, unless the caller does.
const patience = 5 * time.Second

// link is a client of etcd that watches and registrations share.
type link struct {
	endpoints string // for errors
	users     int    // guarded by Registry.mu
	made      chan struct{}
	client    *clientv3.Client // set when made is closed, unless err is
	err       error
}

func withDefaults(c clientv3.Config) clientv3.Config {
	if len(c.Endpoints) == 0 {
		c.Endpoints = []string{"127.0.0.1:2379"}
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = patience
	}
	if c.DialKeepAliveTime == 0 {
		c.DialKeepAliveTime = 10 * time.Second
	}
	if c.DialKeepAliveTimeout == 0 {
		c.DialKeepAliveTimeout = patience
	}
	if c.Logger == nil && c.LogConfig == nil {
		c.Logger = zap.NewNop()
	}
	// What grpc-go does by itself is to wait for two minutes after an outage.
	connect := grpc.WithConnectParams(grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.5, MaxDelay: 3 * time.Second},
		MinConnectTimeout: patience,
	})
	c.DialOptions = append([]grpc.DialOption{connect}, c.DialOptions...)
	return c
}

// acquire returns the link to the endpoints of authority, which are divided by
// commas, or to those of the configuration if it is empty. The caller releases it.
func (r *Registry) acquire(ctx context.Context, authority string) (*link, error) {
	for {
		l, maker := r.join(authority)
		if maker {
			r.make(ctx, l, authority)
		}
		select {
		case <-l.made:
		case <-ctx.Done():
			r.release(l, authority)
			return nil, l.explain("connect", ctx.Err())
		}
		if l.err == nil {
			return l, nil
		}
		r.release(l, authority)
		// If somebody else gave up making the link, this does not concern us.
		if maker || ctx.Err() != nil || !errors.Is(l.err, context.Canceled) {
			return nil, l.explain("connect", l.err)
		}
	}
}

// join returns the link that is there, or a new one that the caller makes.
func (r *Registry) join(authority string) (l *link, maker bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l = r.links[authority]; l == nil {
		l, maker = &link{made: make(chan struct{}), endpoints: strings.Join(r.endpoints(authority), ", ")}, true
		r.links[authority] = l
	}
	l.users++
	return l, maker
}

func (r *Registry) endpoints(authority string) []string {
	if authority == "" {
		return r.config.Endpoints
	}
	return strings.Split(authority, ",")
}

// make makes l's client. It takes a while if there is a password.
func (r *Registry) make(ctx context.Context, l *link, authority string) {
	defer close(l.made)
	life, cancel := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, cancel)
	config := r.config
	config.Endpoints, config.Context = r.endpoints(authority), life
	l.client, l.err = clientv3.New(config)
	if !stop() && l.err == nil {
		_ = l.client.Close() // it has been told to end
		l.err = context.Cause(ctx)
	}
	if l.err != nil {
		cancel()
		r.mu.Lock()
		if r.links[authority] == l {
			delete(r.links, authority)
		}
		r.mu.Unlock()
		if ctx.Err() != nil {
			l.err = context.Canceled
		}
	}
}

// release ends the link if nobody else uses it.
func (r *Registry) release(l *link, authority string) {
	r.mu.Lock()
	l.users--
	last := l.users == 0
	if last && r.links[authority] == l {
		delete(r.links, authority)
	}
	r.mu.Unlock()
	if !last {
		return
	}
	<-l.made // whoever makes it has not released it yet, or is us
	if l.err == nil {
		_ = l.client.Close() // nothing can be done about a failure
	}
}

// explain says what failed, whom it concerns and why.
func (l *link) explain(what string, err error) error {
	reason := rpctypes.Error(err).Error()
	if s, ok := status.FromError(err); ok && reason == err.Error() {
		reason = s.Message()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		reason = "no answer within the time"
		if why := l.disconnected(); why != "" {
			reason = why
		}
	}
	return &failure{fmt.Sprintf("etcd at %s: %s: %s", l.endpoints, what, reason), err}
}

// disconnected says why there is no connection, if there is none. Calls of etcd's
// client wait for one, and so do not know.
func (l *link) disconnected() string {
	if l.client == nil || l.client.ActiveConnection().GetState() != connectivity.TransientFailure {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience/10)
	defer cancel()
	_, err := pb.NewMaintenanceClient(l.client.ActiveConnection()).Status(ctx, new(pb.StatusRequest))
	if s, ok := status.FromError(err); ok && err != nil {
		return s.Message()
	}
	return ""
}

// failure is an error with a text of its own.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }
