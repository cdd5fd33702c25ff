// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import "time"

// guard counts what a peer does that costs this side more than it is good for,
// and ends the connection of one that overdoes it. It is guarded by mu.
type guard struct {
	strikes int       // less what time has forgiven
	resets  int       // streams canceled, less those that ended well
	last    time.Time // when time forgave last
	useful  int       // frames sent with heads or data since
}

const (
	// maxStrikes is how many frames that ask for nothing may come at once.
	maxStrikes = 2048
	// forgiven is how many of them time forgives in a second, and how many
	// resets.
	forgiven = 512
	// perUseful is how many each frame with data forgives: a peer that measures
	// the connection by PINGs sends them in answer to data.
	perUseful = 2
)

// strike counts a frame of a type that asks for nothing.
func (g *guard) strike(t frameType) error {
	g.strikes++
	if g.strikes < maxStrikes {
		return nil
	}
	if g.forgive(); g.strikes < maxStrikes {
		return nil
	}
	return connErrorf(codeCalm, "too many frames that ask for nothing, the last one of type %s", t)
}

// reset counts a stream that the client has canceled.
func (g *guard) reset(streams int) error {
	limit := 1000 + 2*streams
	if g.resets++; g.resets < limit {
		return nil
	}
	if g.forgive(); g.resets < limit {
		return nil
	}
	return connErrorf(codeCalm, "more than %d requests canceled", limit)
}

// forgive counts down what time and use have made good.
func (g *guard) forgive() {
	now := time.Now()
	n := 0
	if !g.last.IsZero() {
		n = int(min(now.Sub(g.last), time.Minute) * forgiven / time.Second)
	}
	if n > 0 || g.last.IsZero() {
		g.last = now
	}
	g.strikes = max(0, g.strikes-n-g.useful*perUseful)
	g.resets = max(0, g.resets-n)
	g.useful = 0
}

// sent counts frames with heads or data that this side has sent.
func (g *guard) sent() { g.useful++ }

// done counts a stream that has ended well.
func (g *guard) done() { g.resets = max(0, g.resets-1) }
