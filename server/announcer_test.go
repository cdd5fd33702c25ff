// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
)

// here is where the servers of these tests say they are.
var here = discovery.Endpoint{Address: "10.1.1.1:80", Weight: 3, Zone: "a", Labels: map[string]string{"rack": "7"}}

// registered returns the addresses of "shop", once all is quiet.
func registered(r *discoverytest.Registry) string {
	synctest.Wait()
	var addresses []string
	for _, e := range r.Endpoints("shop") {
		addresses = append(addresses, e.Address)
	}
	return strings.Join(addresses, " ")
}

func TestReadinessGatesRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry, ready := discoverytest.NewRegistry(time.Minute), health.New()
		ready.Set("", health.NotServing)
		s := newServer(t, one(arith()), server.WithHealth(ready), server.WithRegistrar(registry.Connect(), "shop", here))
		assert.Equal(t, registered(registry), "", "before it serves")
		r := run(t, t.Context(), s)
		assert.Equal(t, registered(registry), "", "before it is ready")
		ready.Set("", health.Serving)
		assert.Equal(t, registered(registry), here.Address)
		assert.True(t, registry.Endpoints("shop")[0].Equal(here), "what is told of it")
		ready.Set("", health.Unknown)
		assert.Equal(t, registered(registry), "", "while it is not ready")
		ready.Set("", health.Serving)
		assert.Equal(t, registered(registry), here.Address)
		assert.NoError(t, r.Shutdown(t.Context()))
		assert.NoError(t, <-r.served)
		assert.Equal(t, registered(registry), "", "after it")
	})
}

func TestLeavesBeforeItDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := discoverytest.NewRegistry(time.Minute)
		w := newWaiting()
		ctx, cancel := context.WithCancel(t.Context())
		r := run(t, ctx, newServer(t, one(w.service()), server.WithRegistrar(registry.Connect(), "shop", here)))
		c := r.connect(t)
		answers := goes(c, "Arith/Wait", 1, 2)
		assert.Equal(t, registered(registry), here.Address)

		begin := time.Now()
		cancel()
		assert.Equal(t, registered(registry), "", "it has left at once")
		<-time.After(100 * time.Millisecond)
		got, err := invoke(t.Context(), c, "Arith/Add", 1, 2)
		assert.NoError(t, err, "a call of a client that has not noticed yet")
		assert.Equal(t, got, 3)
		got, err = invoke(t.Context(), r.connect(t), "Arith/Add", 3, 4)
		assert.NoError(t, err, "a call over a new connection")
		assert.Equal(t, got, 7)
		assert.Equal(t, healthOf(t, c), health.NotServing)

		<-time.After(150 * time.Millisecond)
		_, err = r.network.DialContext(t.Context(), "mem", "server")
		assert.True(t, err != nil, "it drains: no new connections")
		close(w.release)
		assert.Equal(t, <-answers, answer{3, nil})
		assert.NoError(t, <-r.served)
		assert.Equal(t, time.Since(begin), 250*time.Millisecond+idle)
	})
}

// healthOf asks for the health of the server as a whole.
func healthOf(t *testing.T, c curlew.Caller) health.Status {
	t.Helper()
	status, err := health.NewClient(c).Check(t.Context(), "")
	assert.NoError(t, err)
	return status
}

func TestDrainDelay(t *testing.T) {
	for _, test := range []struct {
		name     string
		opts     []server.Option
		register bool
		want     time.Duration
	}{
		{"nothing to leave", nil, false, 0},
		{"registered", nil, true, 200 * time.Millisecond},
		{"registered, none", []server.Option{server.WithDrainDelay(0)}, true, 0},
		{"behind a proxy", []server.Option{server.WithDrainDelay(5 * time.Second)}, false, 5 * time.Second},
		{"longer than a shutdown may take", []server.Option{server.WithDrainDelay(time.Hour)}, true, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.register {
					registry := discoverytest.NewRegistry(time.Minute)
					test.opts = append(test.opts, server.WithRegistrar(registry.Connect(), "shop", here))
				}
				ctx, cancel := context.WithCancel(t.Context())
				r := run(t, ctx, newServer(t, one(arith()), test.opts...))
				c := r.connect(t)
				assert.Equal(t, healthOf(t, c), health.Serving)
				begin := time.Now()
				cancel()
				if test.want > 0 {
					synctest.Wait()
					assert.Equal(t, healthOf(t, c), health.NotServing)
				}
				assert.NoError(t, <-r.served, "nothing was cut")
				assert.Equal(t, time.Since(begin), min(test.want+idle, 30*time.Second))
			})
		})
	}
}

// idle is the time that a native connection has to end after the drain has begun.
const idle = time.Second

// A registry that is away keeps no server from serving; it is told when it is
// back.
func TestRegistryAwayAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := discoverytest.NewRegistry(time.Minute)
		registry.Stop()
		var log bytes.Buffer
		r := run(t, t.Context(), newServer(t, one(arith()), server.WithRegistrar(registry.Connect(), "shop", here),
			server.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
		got, err := invoke(t.Context(), r.connect(t), "Arith/Add", 1, 2)
		assert.NoError(t, err)
		assert.Equal(t, got, 3)
		<-time.After(10 * time.Minute)
		registry.Start()
		<-time.After(15 * time.Second) // the longest wait between two tries
		assert.Equal(t, registered(registry), here.Address)
		assert.NoError(t, r.Close())
		assert.NoError(t, <-r.served)
		for _, part := range []string{"registration failed; the server serves without it, and tries again", "service=shop", "does not answer", "curlew: registered", "curlew: deregistered"} {
			assert.Contains(t, log.String(), part)
		}
		if n := strings.Count(log.String(), "tries again"); n > 200 {
			t.Errorf("%d tries in ten minutes", n)
		}
	})
}

// stuck is a registrar that takes as long as it may, to register or to leave.
type stuck struct{ inRegister, inLeave bool }

// deaf is a registrar that does not keep its contract: leaving takes an hour,
// whatever the context says.
type deaf struct{}

func (deaf) Register(context.Context, string, discovery.Endpoint) (func(context.Context) error, error) {
	return func(context.Context) error { <-time.After(time.Hour); return nil }, nil
}

func (s stuck) Register(ctx context.Context, _ string, _ discovery.Endpoint) (func(context.Context) error, error) {
	if s.inRegister {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return func(ctx context.Context) error {
		if s.inLeave {
			<-ctx.Done()
		}
		return context.Cause(ctx)
	}, nil
}

// A registry that does not let go holds a shutdown up for a while only.
func TestStuckRegistrar(t *testing.T) {
	for _, test := range []struct {
		name      string
		registrar discovery.Registrar
		patience  time.Duration
		want      time.Duration
	}{
		{"registering", stuck{inRegister: true}, time.Minute, 0},
		{"leaving", stuck{inLeave: true}, time.Minute, 3200 * time.Millisecond},
		{"leaving, without patience", stuck{inLeave: true}, time.Second, time.Second},
		{"Close", stuck{inLeave: true}, 0, 0},
		{"deaf", deaf{}, 2 * time.Second, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, t.Context(), newServer(t, one(arith()), server.WithRegistrar(test.registrar, "shop", here)))
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), test.patience)
				defer cancel()
				begin := time.Now()
				assert.NoError(t, r.Shutdown(ctx))
				assert.Equal(t, time.Since(begin), test.want)
				assert.NoError(t, <-r.served)
				<-time.After(2 * time.Hour) // until the deaf one has left
			})
		})
	}
}

// A server whose sources have ended is no longer registered, until it serves
// again.
func TestLeavesWhenNothingIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := discoverytest.NewRegistry(time.Minute)
		other := discovery.Endpoint{Address: "10.1.1.2:80"}
		s := newServer(t, one(arith()), server.WithRegistrar(registry.Connect(), "shop", here),
			server.WithRegistrar(registry.Connect(), "shop", other))
		for range 2 {
			a, b := newSource(), newSource()
			served := make(chan error, 2)
			go func() { served <- s.Serve(t.Context(), a) }()
			assert.Equal(t, registered(registry), here.Address+" "+other.Address)
			go func() { served <- s.Serve(t.Context(), b) }()
			a.end <- nil
			assert.NoError(t, <-served)
			assert.Equal(t, registered(registry), here.Address+" "+other.Address, "the other source is served")
			b.end <- nil
			assert.NoError(t, <-served)
			assert.Equal(t, registered(registry), "")
		}
		assert.NoError(t, s.Close())
	})
}

// Clients are told where the server really listens.
func TestRegistersWhereItListens(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", ":0"} {
		registry := discoverytest.NewRegistry(time.Minute)
		client := registry.Connect()
		listening(t, newServer(t, one(arith()), server.WithRegistrar(client, "shop", discovery.Endpoint{Zone: "a"})), addr)
		updates, err := client.Watch(t.Context(), discovery.Target{Scheme: "mem", Endpoint: "shop"})
		assert.NoError(t, err)
		for u, err := range updates {
			assert.NoError(t, err)
			if len(u.Endpoints) == 0 {
				continue // the server is about to register
			}
			e := u.Endpoints[0]
			assert.Equal(t, e.Zone, "a")
			conn, err := net.Dial(e.Network, e.Address)
			assert.NoError(t, err, "the address that was registered for", addr)
			assert.NoError(t, conn.Close())
			break
		}
	}
}

func TestNowhereToRegister(t *testing.T) {
	registry := discoverytest.NewRegistry(time.Minute)
	s := newServer(t, one(arith()), server.WithRegistrar(registry.Connect(), "shop", discovery.Endpoint{}))
	err := s.ListenAndServe(t.Context(), "unix://"+socketPath(t))
	assert.Contains(t, err.Error(), "register shop: the server listens at no TCP address; set the Address of WithRegistrar's endpoint")
	assert.Equal(t, len(s.Addrs()), 0, "addresses still bound")
	assert.NoError(t, s.Close())
}

func TestBadRegistrar(t *testing.T) {
	r := discoverytest.NewRegistry(time.Minute).Connect()
	for text, opt := range map[string]server.Option{
		"the registrar is nil":  server.WithRegistrar(nil, "shop", here),
		"the service is empty":  server.WithRegistrar(r, "", here),
		"weight -1 is negative": server.WithRegistrar(r, "shop", discovery.Endpoint{Weight: -1}),
		"missing port":          server.WithRegistrar(r, "shop", discovery.Endpoint{Address: "10.1.1.1"}),
		`address ":80" has no`:  server.WithRegistrar(r, "shop", discovery.Endpoint{Address: ":80"}),
		"the time is negative":  server.WithDrainDelay(-1),
	} {
		_, err := server.New(opt)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got error %v, want one with %q", err, text)
		}
	}
}

// It does not matter whether a Shutdown comes before Serve.
func TestShutdownBeforeServe(t *testing.T) {
	for name, serve := range map[string]func(*server.Server) error{
		"Serve":          func(s *server.Server) error { return s.Serve(context.Background()) },
		"ListenAndServe": func(s *server.Server) error { return s.ListenAndServe(context.Background(), "127.0.0.1:0") },
		"ServeListener": func(s *server.Server) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			err = s.ServeListener(context.Background(), l)
			if _, accepted := l.Accept(); accepted == nil {
				t.Error("ServeListener left its listener open")
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, one(arith()))
			assert.NoError(t, s.Shutdown(t.Context()))
			assert.NoError(t, serve(s))
		})
	}
}
