// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package consul finds servers by Consul, and announces them there. A [Registry]
// is both a [discovery.Resolver], of targets like "consul:///shop", and a
// [discovery.Registrar].
//
// # How endpoints are written
//
// An endpoint is an instance of a service: address and port (or the socket's
// path), a weight, and metadata. Zone and Version are the metadata "zone" and
// "version"; the other metadata are the labels, which therefore follow Consul's
// rules for them. What others have registered is read the same way: a tag "a=b"
// is a label a with the value b, any other tag a label without a value; a locality
// gives the zone if no metadata do; the node's address counts if there is no other.
// Keys of metadata that begin with "curlew-" are this package's own.
//
// # Health
//
// Each registration has a check that fails unless the process confirms it, within
// ten seconds or what [WithTTL] says; [WithGRPCCheck] adds one by which Consul calls
// the server. An instance that passes its checks has the weight that Consul keeps
// for that, one with a warning the other weight that Consul keeps, here a tenth.
// Critical instances, and those under maintenance, are no endpoints. An instance
// that has been critical for a minute, or what [WithDeregisterAfter] says, is
// forgotten by Consul.
//
// # What holds when things fail
//
// While a process lives, its registration is made again if Consul has lost it:
// within a third of the TTL and some jitter, so that thousands of servers do not
// come at once.
//
// Watches are blocking queries, which tell all instances of a service at each
// change: they are made at most 20 times a second, and twice a second while changes
// go on. While Consul is away the sequence yields errors that say whom was asked
// and why there is no answer. If Consul's index has gone back, so that its data is
// not that which was known, instances that have not announced themselves again are
// kept for a while longer than the TTL.
package consul
