// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest_test

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
)

// broken is a registry in memory with something wrong.
type broken struct {
	*discoverytest.Client
	event    func(discovery.Update, error) (discovery.Update, error, bool) // what is told of an event; false: nothing
	watch    func(ctx context.Context, updates iter.Seq2[discovery.Update, error]) iter.Seq2[discovery.Update, error]
	register func(ctx context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error)
}

func (b broken) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	updates, err := b.Client.Watch(ctx, t)
	switch {
	case err != nil:
		return nil, err
	case b.watch != nil:
		return b.watch(ctx, updates), nil
	case b.event == nil:
		return updates, nil
	}
	return func(yield func(discovery.Update, error) bool) {
		for u, err := range updates {
			if u, err, told := b.event(u, err); told && !yield(u, err) {
				return
			}
		}
	}, nil
}

func (b broken) Register(ctx context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error) {
	if b.register != nil {
		return b.register(ctx, service, e)
	}
	return b.Client.Register(ctx, service, e)
}

// TestBroken has the suite find what is wrong, in another process, because it is
// to fail there.
func TestBroken(t *testing.T) {
	const variable = "CURLEW_TEST_BROKEN"
	var last discovery.Update
	for name, test := range map[string]struct {
		fails, because string // a case, and what it says
		breaks         func(*broken)
		unlink         bool // the line is another's
	}{
		"nothing is wrong": {"unknown", "", func(*broken) {}, false},
		"silent about unknown names": {"unknown", "has not told of a service that nobody has registered", func(b *broken) {
			b.event = func(u discovery.Update, err error) (discovery.Update, error, bool) {
				return u, err, err != nil || len(u.Endpoints) > 0
			}
		}, false},
		"empty while it is away": {"watcher-cut-off", "an update has 0 endpoints, though 3 are registered", func(b *broken) {
			b.watch = func(_ context.Context, updates iter.Seq2[discovery.Update, error]) iter.Seq2[discovery.Update, error] {
				return func(yield func(discovery.Update, error) bool) {
					for u, err := range updates {
						if err != nil && !yield(discovery.Update{}, nil) || !yield(u, err) {
							return
						}
					}
				}
			}
		}, false},
		"no error while it is away": {"watcher-cut-off", "has not told of an error, since the registry cannot be reached", func(b *broken) {
			b.event = func(u discovery.Update, err error) (discovery.Update, error, bool) { return u, err, err == nil }
		}, false},
		"changes what it has told": {"change", "an update was changed after it had been told", func(b *broken) {
			b.event = func(u discovery.Update, err error) (discovery.Update, error, bool) {
				if len(last.Endpoints) > 0 {
					last.Endpoints[0].Zone = "changed"
				}
				last = u
				return u, err, true
			}
		}, false},
		"tells twice": {"comes-and-goes", "twice", func(b *broken) {
			b.event = func(u discovery.Update, err error) (discovery.Update, error, bool) {
				return discovery.Update{Endpoints: append(u.Endpoints, u.Endpoints...)}, err, true
			}
		}, false},
		"loses labels": {"facts", "has not told of all that is known of the endpoints", func(b *broken) {
			b.register = func(ctx context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error) {
				e.Labels = nil
				return b.Client.Register(ctx, service, e)
			}
		}, false},
		"does not end": {"comes-and-goes", "goes on 1s after its context has ended", func(b *broken) {
			b.watch = func(_ context.Context, updates iter.Seq2[discovery.Update, error]) iter.Seq2[discovery.Update, error] {
				return func(yield func(discovery.Update, error) bool) {
					updates(yield)
					select {}
				}
			}
		}, false},
		"leaves goroutines": {"ends", "after they have ended", func(b *broken) {
			b.watch = func(_ context.Context, updates iter.Seq2[discovery.Update, error]) iter.Seq2[discovery.Update, error] {
				return func(yield func(discovery.Update, error) bool) {
					go func() { select {} }()
					updates(yield)
				}
			}
		}, false},
		"no expiry":           {"dead-server", "has not told of the end of a registration", func(*broken) {}, true},
		"an earlier leave":    {"change", "has not told of the endpoint that an earlier leave must not take away", removesTooMuch, false},
		"ignores its context": {"no-patience", "Register succeeds though its context has ended", ignoresContext, false},
	} {
		if os.Getenv(variable) == name {
			h := inMemory()
			if test.because != "" {
				h.Patience = time.Second
			}
			connect := h.Connect
			h.Connect = func(t testing.TB) discoverytest.Process {
				p := connect(t)
				b := &broken{Client: p.Resolver.(*discoverytest.Client)}
				test.breaks(b)
				p.Resolver, p.Registrar = b, b
				if test.unlink {
					p.Line = connect(t).Line
				}
				return p
			}
			discoverytest.Run(t, h)
			return
		}
		if os.Getenv(variable) != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := exec.Command(os.Args[0], "-test.run=^TestBroken$/^"+test.fails+"$")
			program.Env = append(os.Environ(), variable+"="+name)
			out, err := program.CombinedOutput()
			if test.because == "" {
				assert.NoError(t, err, string(out))
				return
			}
			assert.True(t, err != nil, "the suite finds it:", string(out))
			if !strings.Contains(string(out), test.because) {
				t.Errorf("the suite does not say %q:\n%.2000s", test.because, out)
			}
		})
	}
}

// removesTooMuch lets the leave of a registration that was replaced take the
// later one away.
func removesTooMuch(b *broken) {
	leaves := make(map[string]func(context.Context) error)
	b.register = func(ctx context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error) {
		leave, err := b.Client.Register(ctx, service, e)
		if err != nil {
			return nil, err
		}
		leaves[e.Address] = leave
		return func(ctx context.Context) error { return leaves[e.Address](ctx) }, nil
	}
}

func ignoresContext(b *broken) {
	b.register = func(_ context.Context, service string, e discovery.Endpoint) (func(context.Context) error, error) {
		return b.Client.Register(context.Background(), service, e)
	}
}
