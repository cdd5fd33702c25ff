// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"sync"

	"github.com/curlewrpc/curlew"
)

// fallback knows the methods that were called lately and are not registered.
type fallback struct {
	mu      sync.Mutex // guards the rest
	methods map[standIn]*method
}

// standIn is a method that is not registered, as it was called.
type standIn struct {
	service, name string
	kind          curlew.Kind
}

// maxStandIns bounds the methods that are remembered: their names come from
// clients.
const maxStandIns = 1 << 10

// standIn returns a method that is served by the fallback.
func (d *Dispatcher) standIn(service, name string, kind curlew.Kind) (*method, error) {
	key := standIn{service, name, kind}
	f := &d.fallback
	f.mu.Lock()
	m := f.methods[key]
	f.mu.Unlock()
	if m != nil {
		return m, nil
	}
	m, err := d.method(curlew.NewMethod(service+"/"+name, kind, d.config.Fallback))
	if err != nil {
		return nil, err
	}
	m.target.Raw = true
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.methods) >= maxStandIns {
		f.forget()
	}
	if f.methods == nil {
		f.methods = make(map[standIn]*method)
	}
	f.methods[key] = m
	return m, nil
}

// forget makes room: it drops the methods that have no calls in flight, or all
// if that is none. mu is held.
func (f *fallback) forget() {
	for key, m := range f.methods {
		if m.active.Load() == 0 {
			delete(f.methods, key)
		}
	}
	if len(f.methods) >= maxStandIns {
		clear(f.methods)
	}
}

// active adds the calls in flight to counts by full name.
func (f *fallback) active(counts map[string]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.methods {
		if n := m.active.Load(); n > 0 {
			counts[m.target.Method.FullName()] += int(n)
		}
	}
}
