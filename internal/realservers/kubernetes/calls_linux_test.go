// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/curlewrpc/curlew/server"
)

// TestCalls calls servers while they come and go.
func TestCalls(t *testing.T) {
	if apart(t) {
		testCalls(t)
	}
}

// Greeter says which pod it is.
type Greeter struct{ Pod string }

// Who returns the pod's name.
func (g Greeter) Who(_ context.Context, _ *string) (*string, error) { return &g.Pod, nil }

// pod is a server at an address of its own, and what the API server is told of it.
type pod struct {
	address string
	server  *server.Server
	served  chan error

	ready, serving, terminating bool
}

func startPod(t *testing.T, address string) *pod {
	t.Helper()
	if out, err := exec.Command(realservers.Find(t, "ip"), "address", "add", address+"/32", "dev", "lo").CombinedOutput(); err != nil {
		t.Fatalf("ip address add: %v\n%s", err, out)
	}
	service, err := curlew.Reflect(Greeter{Pod: address})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Register(service); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address+":8080")
	if err != nil {
		t.Fatal(err)
	}
	p := &pod{address: address, server: s, served: make(chan error, 1), ready: true, serving: true}
	go func() { p.served <- s.ServeListener(context.Background(), l) }()
	return p
}

// stop drains the server and ends it.
func (p *pod) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown of %s: %v", p.address, err)
	}
	<-p.served
}

// publish writes what there is to know of the pods.
func publish(t *testing.T, c *controller, pods ...*pod) {
	t.Helper()
	slice := newSlice("greeter", "greeter-1", 8080)
	for _, p := range pods {
		ready, serving, terminating := p.ready, p.serving, p.terminating
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{p.address},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		})
	}
	c.set(t, "greeter", map[string]*discoveryv1.EndpointSlice{slice.Name: slice})
}

// load calls all the time, and counts which pod answers.
type load struct {
	answers sync.Map // of *atomic.Int64 by pod
	calls   atomic.Int64
	failed  atomic.Int64
}

func (l *load) run(t *testing.T, ctx context.Context, c *client.Client) {
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		var who string
		err := c.Call(one, "Greeter.Who", new(string), &who)
		cancel()
		l.calls.Add(1)
		if err != nil {
			l.failed.Add(1)
			t.Errorf("call: %v", err)
			return
		}
		l.of(who).Add(1)
	}
}

func (l *load) of(pod string) *atomic.Int64 {
	n, _ := l.answers.LoadOrStore(pod, new(atomic.Int64))
	return n.(*atomic.Int64)
}

// until waits until, over some hundred calls, exactly these pods answer.
func (l *load) until(t *testing.T, what string, pods ...*pod) {
	t.Helper()
	begin := time.Now()
	for over := begin.Add(30 * time.Second); ; {
		before := l.snapshot()
		for end := l.calls.Load() + 300; l.calls.Load() < end && time.Now().Before(over); {
			<-time.After(2 * time.Millisecond)
		}
		answered := l.snapshot()
		for pod, n := range before {
			if answered[pod] -= n; answered[pod] == 0 {
				delete(answered, pod)
			}
		}
		right := len(answered) == len(pods)
		for _, p := range pods {
			right = right && answered[p.address] > 0
		}
		if right {
			t.Logf("%s: seen within %v", what, time.Since(begin).Round(time.Millisecond))
			return
		}
		if time.Now().After(over) || t.Failed() {
			t.Fatalf("%s: of the last calls, those that answered were %v, want %d others", what, answered, len(pods))
		}
	}
}

func (l *load) snapshot() map[string]int64 {
	counts := make(map[string]int64)
	for pod, n := range l.answers.Range {
		counts[fmt.Sprint(pod)] = n.(*atomic.Int64).Load()
	}
	return counts
}

func testCalls(t *testing.T) {
	kube := realservers.Kubernetes(t)
	control := newController(kube)
	a, b, c := startPod(t, "10.77.0.1"), startPod(t, "10.77.0.2"), startPod(t, "10.77.0.3")
	publish(t, control, a, b, c)

	caller, err := client.New("kubernetes:///greeter:grpc", client.WithResolver(newResolver(kube, kube.Addr(), realservers.KubernetesAdmin)))
	if err != nil {
		t.Fatal(err)
	}
	var l load
	ctx, cancel := context.WithCancel(context.Background())
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() { l.run(t, ctx, caller) })
	}
	defer func() {
		cancel()
		callers.Wait()
		if err := caller.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%d calls, %d failed: %v", l.calls.Load(), l.failed.Load(), l.snapshot())
	}()
	l.until(t, "three pods", a, b, c)

	b.ready, b.serving = false, false
	publish(t, control, a, b, c)
	l.until(t, "one is not ready", a, c)
	b.ready, b.serving = true, true
	publish(t, control, a, b, c)
	l.until(t, "it is ready again", a, b, c)

	// A rollout: one more, then one less, until all are new.
	pods := []*pod{a, b, c}
	for i := range pods {
		old := pods[i]
		pods[i] = startPod(t, fmt.Sprintf("10.77.1.%d", i+1))
		publish(t, control, append([]*pod{old}, pods...)...)
		old.ready, old.terminating = false, true
		publish(t, control, append([]*pod{old}, pods...)...)
		old.stop(t) // at once, as a pod does that is told to end
		publish(t, control, pods...)
		l.until(t, old.address+" is replaced", pods...)
	}

	for _, p := range pods {
		p.ready, p.terminating = false, true
	}
	publish(t, control, pods...)
	l.until(t, "all terminate, and serve", pods...)
	kube.Kill(t)
	l.until(t, "the API server is gone", pods...)
	kube.Start(t)
	pods[0].serving = false
	publish(t, control, pods...)
	l.until(t, "one serves no more", pods[1:]...)
	cancel()
	callers.Wait()
	for _, p := range pods {
		p.stop(t)
	}
}
