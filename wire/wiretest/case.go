// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"slices"

	"github.com/curlewrpc/curlew"
)

// testCase is one behaviour that every protocol must show.
type testCase struct {
	// name is "topic/behaviour".
	name string
	// needs is what the protocol must carry for the case to make sense. lacks is
	// for cases that show what happens where something is not carried: they run
	// only if the protocol has none of it.
	needs, lacks Capability
	// kinds are those for which the case runs, each in turn as rig.kind; nil: it
	// runs once and rig.kind is unary.
	kinds []curlew.Kind
	scope scope
	run   func(r *rig)
}

// scope says in how much of the matrix a case runs.
type scope uint8

const (
	// everywhere: on every network with every codec and kind of messages.
	everywhere scope = iota
	// everyNetwork: on every network with the protocol's own codec and plain
	// messages: the case has nothing to do with what messages look like.
	everyNetwork
	// bubble: once, in memory inside a testing/synctest bubble: the case uses
	// virtual time, waits for quiet, or is dear.
	bubble
	// alone: as bubble, with no other case running: it measures memory.
	alone
)

// cases is the whole suite.
func cases() []testCase {
	return slices.Concat(
		resultCases(), valueCases(), errorCases(), panicCases(), metadataCases(), deadlineCases(), cancelCases(), flowCases(),
		limitCases(), drainCases(), onewayCases(), symmetricCases(), codecCases(), scaleCases(),
		cutCases(), hostileCases(),
	)
}

// applies reports whether the case says something about the protocol.
func (tc *testCase) applies(p *Protocol) bool {
	return p.has(tc.needs) && p.Can&tc.lacks == 0
}

// kindsFor returns the kinds for which the case runs on p.
func (tc *testCase) kindsFor(p *Protocol) []curlew.Kind {
	if tc.kinds == nil {
		return []curlew.Kind{curlew.KindUnary}
	}
	return slices.DeleteFunc(slices.Clone(tc.kinds), func(k curlew.Kind) bool { return !p.carries(k) })
}
