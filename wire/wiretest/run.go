// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// combination is one place in the matrix.
type combination struct {
	network  network
	codec    curlew.Codec // nil: the protocol's own
	messages messages
}

func (c combination) name() string {
	codec := "default"
	if c.codec != nil {
		codec = c.codec.Name()
	}
	return c.network.name + "/" + codec + "/" + c.messages.name()
}

// combinations are the places in which cases of scope s run.
func (p *Protocol) combinations(s scope) []combination {
	var all []combination
	switch s {
	case bubble, alone:
		return []combination{{memory(), nil, plainMessages()}}
	case everyNetwork:
		for _, n := range p.networks() {
			all = append(all, combination{n, nil, plainMessages()})
		}
		return all
	}
	for _, n := range p.networks() {
		for _, codec := range append([]curlew.Codec{nil}, p.Codecs...) {
			all = append(all, combination{n, codec, plainMessages()})
			if n.name == memory().name { // messages know nothing of networks
				all = append(all, combination{n, codec, protobufMessages()})
			}
		}
	}
	return all
}

// networks are those on which the protocol is tested.
func (p *Protocol) networks() []network {
	all := networks()
	if !p.Kin {
		return all
	}
	return slices.DeleteFunc(all, func(n network) bool { return !n.forKin })
}

// Run runs the whole suite for a protocol. Cases run in parallel, but for
// those that measure memory; with -v the table of what the protocol carries is
// printed.
func Run(t *testing.T, p Protocol) {
	all := cases()
	p.printTable(t, all)
	for _, s := range []scope{alone, bubble, everyNetwork, everywhere} {
		for i := range all {
			if tc := &all[i]; tc.scope == s && tc.applies(&p) {
				t.Run(tc.name, func(t *testing.T) { tc.runEverywhere(t, &p) })
			}
		}
	}
}

// runEverywhere runs the case in all of its part of the matrix.
func (tc *testCase) runEverywhere(t *testing.T, p *Protocol) {
	if tc.scope != alone {
		t.Parallel()
	}
	for _, on := range p.combinations(tc.scope) {
		for _, k := range tc.kindsFor(p) {
			t.Run(on.name()+"/"+k.String(), func(t *testing.T) { tc.runOne(t, p, on, k) })
		}
	}
}

// runOne runs the case once, in a bubble of its own if the network is virtual.
func (tc *testCase) runOne(t *testing.T, p *Protocol, on combination, k curlew.Kind) {
	if on.network.virtual {
		synctest.Test(t, func(t *testing.T) { runCase(t, p, tc, on, k) })
		return
	}
	assert.NoLeaks(t)
	runCase(t, p, tc, on, k)
}
