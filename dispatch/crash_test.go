// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
)

// TestCrashes panics and calls runtime.Goexit in everything that is not ours.
// Each time the peer gets an answer that tells nothing of the inside, the log
// tells all, and the next call works.
func TestCrashes(t *testing.T) {
	ways := map[string]func(){
		"panic":  func() { panic("secret plan") },
		"nil":    func() { panic(nil) },
		"error":  func() { var p *pair; p.A++ },
		"Goexit": runtime.Goexit,
	}
	for name, crash := range ways {
		crashing := func(before, after bool) curlew.Interceptor {
			return func(next curlew.Handler) curlew.Handler {
				return func(ctx context.Context, call *curlew.Call) error {
					if before {
						crash()
					}
					err := next(ctx, call)
					if after {
						crash()
					}
					return err
				}
			}
		}
		crashesIn := func(in *incoming, where string) {
			switch where {
			case "decoding":
				in.stream.receive = func() error { crash(); return nil }
			case "encoding":
				in.stream.finish = []func() *curlew.Error{func() *curlew.Error { crash(); return nil }}
			case "both ends":
				again := func() *curlew.Error { crash(); return nil }
				in.stream.finish = []func() *curlew.Error{again, again}
			case "observer":
				in.Call.OnEnd(func(error) { crash() })
			}
		}
		for where, message := range map[string]string{
			"handler": "in handler", "before": "in handler", "after": "in handler", "decoding": "in handler",
			"encoding": "in encoding of a reply", "both ends": "", "observer": "",
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				logger, logged := logs()
				d := serving(t, dispatch.Config{Logger: logger, MaxConcurrent: 1, Methods: map[string]dispatch.MethodConfig{
					"Arith/before": {Interceptors: []curlew.Interceptor{crashing(true, false)}},
					"Arith/after":  {Interceptors: []curlew.Interceptor{crashing(false, true)}},
				}}, arith(
					curlew.Unary("handler", func(context.Context, *pair) (*sum, error) { crash(); return &sum{}, nil }),
					curlew.Unary("before", add), curlew.Unary("after", add), curlew.Unary("decoding", add),
					curlew.Unary("encoding", add), curlew.Unary("both ends", add), curlew.Unary("observer", add),
				))
				in := newIncoming(t, d, "Arith", where, &pair{1, 2})
				ended := make(chan error, 1)
				in.Call.OnEnd(func(err error) { ended <- err })
				crashesIn(in, where)
				d.Serve(&in.Incoming)

				if message != "" {
					assert.Equal(t, in.stream.err.Code(), curlew.Internal)
					assert.Contains(t, in.stream.err.Message(), message)
					assert.Equal(t, in.stream.reply, nil)
					assert.ErrorIs(t, <-ended, curlew.Internal)
				}
				assert.ErrorIs(t, in.HandlerContext().Err(), context.Canceled)
				for _, part := range []string{"level=ERROR", "Arith/" + where, "crash_test.go", "peer=fake"} {
					assert.Contains(t, logged(), part)
				}
				if name == "panic" {
					assert.Contains(t, logged(), "secret plan")
					assert.True(t, in.stream.err == nil || in.stream.err.Message() == fmt.Sprintf("panic %s", message), "the message tells nothing more")
				}
				_, err := call(t, d, "Add", &pair{1, 2})
				assert.Equal(t, err, nil, "the next call")
			})
		}
	}
}
