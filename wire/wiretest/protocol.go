// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// Protocol is what [Run] must know of a protocol.
type Protocol struct {
	// Name is the protocol's name as peers and errors give it.
	Name string
	// Framing is the server's half, Client the client's. Both are used for many
	// servers and clients, one after the other and at the same time.
	Framing wire.Framing
	Client  wire.Protocol
	// Beside are framings that share the server's ports.
	Beside []wire.Framing
	// Codecs are given to calls in turn, besides the protocol's own.
	Codecs []curlew.Codec
	// Can is what the protocol carries.
	Can Capability
	// Kin says that another protocol over the same framing goes through all of the
	// suite. What is the framing's part in it is then thinned out: fewer networks,
	// fewer places to cut a connection at.
	Kin bool
}

// Capability is a set of things that a protocol may or may not carry.
type Capability uint32

// The capabilities. A case that needs one which a protocol lacks is replaced by
// a case that holds the protocol to the documented consequence.
const (
	// Streams are calls with many messages one way.
	Streams Capability = 1 << iota
	// FullDuplex is receiving replies while requests are still being sent.
	FullDuplex
	// Multiplexed says that any number of calls share a connection, so that none
	// waits for another.
	Multiplexed
	// RequestMetadata is a header before the request, ReplyMetadata a header
	// before and a trailer after the reply.
	RequestMetadata
	ReplyMetadata
	// Codes are the codes of errors, Details their details.
	Codes
	Details
	// Deadlines are told to the server.
	Deadlines
	// Cancellation is told to the server, CancelCause with its text.
	Cancellation
	CancelCause
	// OneWay calls have no answer on the wire.
	OneWay
	// Symmetric protocols carry calls from the server to the client.
	Symmetric
	// GoAway is a server's notice that it will shut down: calls that it did not
	// begin go to the next server without anybody noticing.
	GoAway
	// Liveness is noticing a peer that has vanished without a word while calls
	// are in flight.
	Liveness
	// Binary messages by default: bytes are not sent as base64.
	Binary
	// Everything is all of them.
	Everything = 1<<iota - 1
)

func capabilityNames() []string {
	return []string{
		"Streams", "FullDuplex", "Multiplexed", "RequestMetadata", "ReplyMetadata", "Codes", "Details", "Deadlines",
		"Cancellation", "CancelCause", "OneWay", "Symmetric", "GoAway", "Liveness", "Binary",
	}
}

// String returns the names, joined by "+".
func (c Capability) String() string {
	var names []string
	for i, name := range capabilityNames() {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// has reports whether the protocol has all of c.
func (p *Protocol) has(c Capability) bool { return p.Can&c == c }

// carries reports whether the protocol carries calls of kind k.
func (p *Protocol) carries(k curlew.Kind) bool {
	switch k {
	case curlew.KindUnary:
		return true
	case curlew.KindBidi:
		return p.has(Streams | FullDuplex)
	default:
		return p.has(Streams)
	}
}

// printTable lists what the protocol carries and, of what it does not, which
// cases are left out and which show what happens instead.
func (p *Protocol) printTable(t *testing.T, all []testCase) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "what %s carries:\n", p.Name)
	for i, name := range capabilityNames() {
		c := Capability(1 << i)
		if p.has(c) {
			fmt.Fprintf(&b, "  %-16s yes\n", name)
			continue
		}
		fmt.Fprintf(&b, "  %-16s no\n", name)
		for _, tc := range all {
			switch {
			case tc.needs&c != 0:
				fmt.Fprintf(&b, "  %16s left out: %s\n", "", tc.name)
			case tc.lacks&c != 0:
				fmt.Fprintf(&b, "  %16s instead:  %s\n", "", tc.name)
			}
		}
	}
	t.Log(b.String())
}
