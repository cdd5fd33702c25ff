// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

func TestServe(t *testing.T) {
	var ends []error
	var kept context.Context
	draining := make(chan struct{})
	d := serving(t, dispatch.Config{}, curlew.NewService("Arith",
		curlew.Unary("Add", func(ctx context.Context, in *pair) (*sum, error) {
			kept = ctx
			call := curlew.CallFrom(ctx)
			call.OnEnd(func(err error) { ends = append(ends, err) })
			assert.Equal(t, call.Method().FullName(), "Arith/Add")
			assert.Equal(t, call.Header().Get("user"), "ada")
			assert.Equal(t, call.Peer().Protocol, "fake")
			assert.Equal(t, call.Draining(), (<-chan struct{})(draining))
			return add(ctx, in)
		})))
	in := newIncoming(t, d, "Arith", "Add", &pair{7, 8})
	in.Header.Add("user", "ada")
	in.Draining = draining
	d.Serve(&in.Incoming)
	assert.Equal(t, in.stream.reply, any(&sum{15}))
	assert.Equal(t, in.stream.err, nil)
	assert.Equal(t, in.stream.finishes, 1)
	assert.Equal(t, len(ends), 1)
	assert.NoError(t, ends[0])
	assert.ErrorIs(t, kept.Err(), context.Canceled, "the context of a call that has ended")
}

func TestGoDoesNotWait(t *testing.T) {
	release := make(chan struct{})
	d := serving(t, dispatch.Config{}, arith(curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
		<-release
		return add(ctx, in)
	})))
	in := newIncoming(t, d, "Arith", "Wait", &pair{1, 2})
	d.Go(&in.Incoming)
	assert.Equal(t, d.Active()["Arith/Wait"] <= 1, true)
	close(release)
	<-in.stream.finished
	assert.Equal(t, in.stream.reply, any(&sum{3}))
}

func TestInterceptorsRunInOrder(t *testing.T) {
	var order []string
	note := func(name string) curlew.Interceptor {
		return func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				order = append(order, name)
				return next(ctx, call)
			}
		}
	}
	list := func(names ...string) (all []curlew.Interceptor) {
		for _, name := range names {
			all = append(all, note(name))
		}
		return all
	}
	d := serving(t, dispatch.Config{
		Interceptors: list("all 1", "all 2"),
		Methods: map[string]dispatch.MethodConfig{
			"Arith/*":   {Interceptors: list("service")},
			"Arith/Add": {Interceptors: list("method 1", "method 2")},
			"Other/*":   {Interceptors: list("other")},
		},
	}, arith())
	_, err := call(t, d, "Add", &pair{})
	assert.Equal(t, err, nil)
	assert.Equal(t, strings.Join(order, ", "), "all 1, all 2, service, method 1, method 2")
}

func TestConfigOfServiceAndMethod(t *testing.T) {
	d := serving(t, dispatch.Config{Methods: map[string]dispatch.MethodConfig{
		"Arith/*":   {Timeout: time.Minute, MaxReceive: 10, MaxSend: 20},
		"Arith.Add": {MaxReceive: 99},
	}}, arith(curlew.Unary("Sub", add)))
	add, err := d.Lookup("Arith", "Add", wire.Attributes{})
	assert.NoError(t, err)
	assert.Equal(t, [2]int{add.MaxReceive, add.MaxSend}, [2]int{99, 20})
	assert.Equal(t, add.Timeout, time.Minute)
	sub, err := d.Lookup("Arith", "Sub", wire.Attributes{})
	assert.NoError(t, err)
	assert.Equal(t, [2]int{sub.MaxReceive, sub.MaxSend}, [2]int{10, 20})
}

func TestNewRefuses(t *testing.T) {
	_, err := dispatch.New(dispatch.Config{
		Interceptors:  []curlew.Interceptor{nil},
		MaxConcurrent: -1,
		MaxQueue:      -2,
		Methods: map[string]dispatch.MethodConfig{
			"Add":       {},
			"Arith/Add": {Timeout: -1, MaxReceive: -1, MaxSend: -1, MaxQueue: -1, MaxConcurrent: -1, Interceptors: []curlew.Interceptor{nil}},
			"Arith.Add": {},
		},
	})
	for _, part := range []string{
		"interceptor 0 is nil", "MaxConcurrent is negative: -1", "MaxQueue is negative: -2",
		`method "Add": write "pkg.Service/Method"`, `method Arith/Add: `, "Timeout is negative", "MaxReceive is negative", "MaxSend is negative",
		"Arith/Add is configured twice",
	} {
		assert.Contains(t, err.Error(), part)
	}
	_, err = dispatch.New(dispatch.Config{MaxQueue: 3})
	assert.Contains(t, err.Error(), "MaxQueue without MaxConcurrent")
}

func TestRegisterRefuses(t *testing.T) {
	none := func(curlew.Handler) curlew.Handler { return nil }
	d := serving(t, dispatch.Config{Methods: map[string]dispatch.MethodConfig{
		"Greeter/Wave": {},
		"Broken/Do":    {Interceptors: []curlew.Interceptor{none}},
	}}, arith())
	good := curlew.NewService("Good", curlew.Unary("Do", add))
	for name, c := range map[string]struct {
		service *curlew.Service
		want    string
	}{
		"nil":             {nil, "service 1 is nil"},
		"broken":          {curlew.NewService("", curlew.Unary("Do", add)), "a service needs a name"},
		"twice":           {arith(), "service Arith is registered already"},
		"twice at once":   {good, "service Good is registered already"},
		"not configured":  {curlew.NewService("Greeter", curlew.Unary("Greet", add)), "method Greeter/Wave is configured, but service Greeter has no such method"},
		"bad interceptor": {curlew.NewService("Broken", curlew.Unary("Do", add)), "an interceptor returned a nil handler"},
	} {
		t.Run(name, func(t *testing.T) {
			err := d.Register(good, c.service)
			assert.True(t, err != nil, "an error")
			assert.Contains(t, err.Error(), c.want)
			assert.Equal(t, len(d.Services()), 1, "services after a refusal")
		})
	}
	assert.NoError(t, d.Register(good), "the good one by itself, while serving")
	assert.Equal(t, d.Services()[1].Name(), "Good")
	_, err := d.Lookup("Good", "Do", wire.Attributes{})
	assert.NoError(t, err)
}

func TestLookup(t *testing.T) {
	many := make([]*curlew.Method, 14)
	for i := range many {
		many[i] = curlew.Unary(fmt.Sprintf("Method%02d", i), add)
	}
	d := serving(t, dispatch.Config{}, arith(), curlew.NewService("Zoo", append(many, curlew.Unary("Add", add))...))
	full := func(target *wire.Target, err error) string {
		if err != nil {
			assert.ErrorIs(t, err, curlew.Unimplemented)
			return err.(*curlew.Error).Message()
		}
		return target.Method.FullName()
	}
	long := strings.Repeat("x", 5000)
	for _, c := range []struct{ service, method, want string }{
		{"Arith", "Add", "Arith/Add"},
		{"", "Method07", "Zoo/Method07"},
		{"", "Add", `method "Add" is ambiguous; known here: Arith/Add, Zoo/Add`},
		{"", "Method77", `unknown method "Method77"; did you mean Method07?`},
		{"Foo", "Add", `unknown service "Foo"; known here: Arith, Zoo`},
		{"Arith", "Multiply", `unknown method "Arith/Multiply"; known here: Add`},
		{"Arith", "add", `unknown method "Arith/add"; did you mean Add?`},
		{"Arith", "Ad", `unknown method "Arith/Ad"; did you mean Add?`},
		{"Arith", "", `unknown method "Arith/"; known here: Add`},
		{"Arith", "a\nb", `unknown method "Arith/a\nb"; known here: Add`},
		{"Zoo", "Feed", `unknown method "Zoo/Feed"; known here: Add, Method00, Method01, Method02, Method03, Method04, Method05, ` +
			`Method06, Method07, Method08 and 5 more`},
		{long, "Add", `unknown service "` + long[:64] + `"…; known here: Arith, Zoo`},
		{"Arith", long, `unknown method "Arith/` + long[:58] + `"…; known here: Add`},
	} {
		assert.Equal(t, full(d.Lookup(c.service, c.method, wire.Attributes{})), c.want)
	}
	empty := serving(t, dispatch.Config{})
	assert.Equal(t, full(empty.Lookup("Foo", "Add", wire.Attributes{})), `unknown service "Foo"; known here: nothing`)
	assert.Equal(t, full(empty.Lookup("", "Add", wire.Attributes{})), `unknown method "Add"; known here: nothing`)
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		d := serving(t, dispatch.Config{Methods: map[string]dispatch.MethodConfig{"Arith/Wait": {Timeout: time.Second}}},
			arith(curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
				<-ctx.Done()
				return nil, ctx.Err()
			})))
		_, err := call(t, d, "Wait", &pair{})
		assert.Equal(t, left, time.Second, "the configured timeout")
		assert.Equal(t, err.Code(), curlew.DeadlineExceeded)

		in := newIncoming(t, d, "Arith", "Wait", &pair{})
		in.Expires = time.Now().Add(time.Minute)
		d.Serve(&in.Incoming)
		assert.Equal(t, left, time.Minute, "the caller's own deadline")
		assert.Equal(t, in.stream.err.Code(), curlew.DeadlineExceeded)
	})
}

// TestNestedCalls calls deeper than any cache of workers.
func TestNestedCalls(t *testing.T) {
	const depth = 3000
	var d *dispatch.Dispatcher
	d = serving(t, dispatch.Config{}, curlew.NewService("Arith", curlew.Unary("Down", func(_ context.Context, in *pair) (*sum, error) {
		if in.A == 0 {
			return &sum{in.B}, nil
		}
		reply, err := call(t, d, "Down", &pair{in.A - 1, in.B + 1})
		if err != nil {
			return nil, err
		}
		return reply.(*sum), nil
	})))
	reply, err := call(t, d, "Down", &pair{A: depth})
	assert.Equal(t, err, nil)
	assert.Equal(t, reply, any(&sum{depth}))
}

func TestMissingReply(t *testing.T) {
	silent := func(curlew.Handler) curlew.Handler {
		return func(context.Context, *curlew.Call) error { return nil }
	}
	null := func(curlew.Handler) curlew.Handler {
		return func(_ context.Context, call *curlew.Call) error { return call.SetReply(nil) }
	}
	d := serving(t, dispatch.Config{Methods: map[string]dispatch.MethodConfig{
		"Arith/Silent": {Interceptors: []curlew.Interceptor{silent}},
		"Arith/Null":   {Interceptors: []curlew.Interceptor{null}},
	}}, arith(
		curlew.Unary("Silent", add),
		curlew.Unary("Null", add),
		curlew.Unary("Nil", func(context.Context, *pair) (*sum, error) { return nil, nil }),
		curlew.ServerStream("Many", func(context.Context, *pair, curlew.Sender[sum]) error { return nil }),
	))
	for method, want := range map[string]string{
		"Silent": "there is no reply yet", "Null": "the reply is nil", "Nil": "neither a reply nor an error",
	} {
		_, err := call(t, d, method, &pair{})
		assert.Equal(t, err.Code(), curlew.Internal)
		assert.Contains(t, err.Message(), want)
	}
	reply, err := call(t, d, "Many", &pair{})
	assert.Equal(t, err, nil, "a stream needs no reply")
	assert.Equal(t, reply, nil)
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := serving(t, dispatch.Config{}, arith(curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
			<-release
			return add(ctx, in)
		})))
		waiting := newIncoming(t, d, "Arith", "Wait", &pair{1, 2})
		d.Go(&waiting.Incoming)
		synctest.Wait()
		assert.Equal(t, d.Active(), map[string]int{"Arith/Wait": 1})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := d.Shutdown(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		for _, serve := range []func(*wire.Incoming){d.Go, d.Serve} {
			late := newIncoming(t, d, "Arith", "Add", &pair{1, 2})
			serve(&late.Incoming)
			assert.Equal(t, late.stream.err.Code(), curlew.Unavailable)
			assert.True(t, late.stream.err.Retryable(), "a refused call is retryable")
			assert.ErrorIs(t, context.Cause(late.HandlerContext()), error(late.stream.err))
		}
		close(release)
		assert.NoError(t, d.Shutdown(t.Context()))
		assert.Equal(t, waiting.stream.reply, any(&sum{3}))
		assert.Equal(t, len(d.Active()), 0)
	})
}

func TestBuiltInServices(t *testing.T) {
	d := serving(t, dispatch.Config{}, curlew.NewService("shop.Store", curlew.Unary("List", add)))
	assert.NoError(t, d.RegisterBuiltIn(curlew.NewService("grpc.Health", curlew.Unary("List", add)), curlew.NewService("grpc.Other", curlew.Unary("Do", add))))
	assert.Equal(t, names(d.Services()), "[shop.Store]")
	assert.Equal(t, names(d.BuiltIn()), "[grpc.Health grpc.Other]")

	target, err := d.Lookup("", "List", wire.Attributes{})
	assert.NoError(t, err)
	assert.Equal(t, target.Method.FullName(), "shop.Store/List", "a name alone never means what is built in")
	_, err = d.Lookup("grpc.Health", "List", wire.Attributes{})
	assert.NoError(t, err)

	assert.NoError(t, d.Register(curlew.NewService("grpc.Health", curlew.Unary("Mine", add))))
	assert.Equal(t, names(d.Services()), "[grpc.Health shop.Store]")
	assert.Equal(t, names(d.BuiltIn()), "[grpc.Other]")
	_, err = d.Lookup("grpc.Health", "Mine", wire.Attributes{})
	assert.NoError(t, err)
	assert.True(t, d.Register(curlew.NewService("grpc.Health", curlew.Unary("Mine", add))) != nil, "registered twice")
	assert.True(t, d.RegisterBuiltIn(curlew.NewService("shop.Store", curlew.Unary("Mine", add))) != nil, "taken")
}

func names(services []*curlew.Service) string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name())
	}
	return fmt.Sprint(names)
}
