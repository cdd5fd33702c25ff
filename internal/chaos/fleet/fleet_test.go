// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
)

func TestMain(m *testing.M) {
	if is, status := Main(os.Args[1:]); is {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

func TestReplica(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := Start(t, self, Config{Slots: 1})
	c, err := client.New(r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	call := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var reply Reply
		err := c.Invoke(ctx, Write(), &Request{Number: 7}, &reply)
		if err == nil && reply.Number != 7 {
			t.Errorf("the answer is %d", reply.Number)
		}
		return err
	}
	if err := call(); err != nil {
		t.Fatal(err)
	}
	r.Tell(t, Order{Handle: 50 * time.Millisecond})
	begin := time.Now()
	if err := call(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("a slow replica has answered after %v", took)
	}
	r.Terminate(t)
	killed := Start(t, self, Config{Listen: r.Addr})
	if err := call(); err != nil {
		t.Error(err)
	}
	killed.Kill()
	if err := call(); curlew.CodeOf(err) != curlew.Unavailable && curlew.CodeOf(err) != curlew.DeadlineExceeded {
		t.Errorf("a killed replica gives %v", err)
	}
}

// A slot that slept too long sleeps less, so that it handles as many calls as
// it should.
func TestCapacity(t *testing.T) {
	const handle, calls = 2 * time.Millisecond, 100
	w := newWork(Config{Slots: 1, Handle: handle})
	begin := time.Now()
	for range calls {
		if _, err := w.do(t.Context(), new(Request)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took < (calls-1)*handle {
		t.Errorf("%d calls of %v have taken %v", calls, handle, took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	<-w.slots
	if _, err := w.do(ctx, new(Request)); err == nil {
		t.Error("a call without a slot goes on when its context has ended")
	}
}

func TestRegistries(t *testing.T) {
	for url, scheme := range map[string]string{"etcd://127.0.0.1:1": "etcd", "consul://127.0.0.1:1": "consul"} {
		r, err := OpenRegistry(url, 3*time.Second, nil)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if r.Scheme() != scheme {
			t.Errorf("%s is %s", url, r.Scheme())
		}
	}
	if _, err := OpenRegistry("zookeeper://127.0.0.1:1", 0, nil); err == nil {
		t.Error("any registry will do")
	}
}
