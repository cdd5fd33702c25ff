// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package wiretest is the behaviour suite that every protocol passes. Those who
// write a protocol get all of it for one line:
//
//	func TestSmoke(t *testing.T) {
//		p := smoke.New()
//		wiretest.Run(t, wiretest.Protocol{
//			Name: "smoke", Framing: p, Client: p,
//			Can: wiretest.Streams | wiretest.Codes | wiretest.Deadlines,
//		})
//	}
//
// The suite puts a server and a client together over the protocol and runs
// cases by topic: results, errors, metadata, deadlines, cancellation, flow
// control, limits, draining, cut connections, scale, hostile peers. Cases run
// over a matrix of networks (in memory inside a testing/synctest bubble, also
// byte by byte and from afar, TCP, Unix sockets, TLS), codecs, kinds of
// messages and kinds of calls. What is dear runs once.
//
// Each case fails with what it had expected of the protocol, and fails if
// goroutines are left when it ends.
//
// A [Capability] that a protocol lacks takes away the cases that need it and
// brings those which show what is documented to happen instead; go test -v
// lists both.
package wiretest
