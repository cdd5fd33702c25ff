// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package balance decides which server gets a call. A [Picker] sees the servers
// as nodes, never their connections: it picks a node for each attempt of a
// call, and may ask to be told how the attempt went.
//
// Pickers are structs whose zero fields mean documented defaults. A client takes
// one by what makes it, since each cluster of servers has its own:
//
//	client.WithPicker(balance.Default)
//	client.WithPicker(func() balance.Picker { return new(balance.RoundRobin) })
//	client.WithPicker(func() balance.Picker { return &balance.RingHash{Key: balance.HeaderKey("user")} })
//
// A picker's fields are read at its first Update and do not change after it.
// What makes no sense, such as a RingHash without a Key, is the error of every
// pick.
//
// # Which one
//
// [Default] suits most services: by latency and load, without the servers that
// fail. The others are for what it cannot know:
//
//   - [PeakEWMA]: what Default chooses by, where something else ejects servers.
//   - [LeastRequest]: where calls differ so much that latency says little of the
//     server.
//   - [WeightedRoundRobin]: exact shares by weight, or by the utilization that
//     servers report.
//   - [RoundRobin], [Random]: where nothing should depend on what happened
//     before. Random is the one for weights with very many clients.
//   - [RingHash], [Maglev]: calls with the same key to the same server, for its
//     cache. RingHash moves the fewest keys, Maglev shares them more evenly.
//   - [PickFirst]: one server for everything, with the others in reserve.
//
// Around them, as pickers that have another within:
//
//   - [Outlier] leaves servers out for a while that fail or are slow.
//   - [Zone] keeps calls in the client's zone as far as that can take them.
//   - [Subset] has a client know some of many servers only.
//   - [SlowStart] gives a new server its share little by little.
//
// They nest. Where all are used, in this order, so that ejected servers do not
// count as capacity and each zone has a subset of its own:
//
//	&balance.Outlier{Picker: &balance.SlowStart{Picker: &balance.Zone{
//		Local: zone,
//		New: func() balance.Picker {
//			return &balance.Subset{Name: host, Picker: new(balance.PeakEWMA)}
//		},
//	}}}
//
// # What all of them do
//
// A node that is ready and at which no earlier attempt of the call has failed is
// taken before any other. Nodes that are idle are asked to connect when a pick
// meets them. Picks share no lock: they read a snapshot of the nodes and change
// numbers of single nodes. What is known of a node outlives updates, as long as
// the node is in each. Pickers have no goroutine, timer or clock; what is due is
// done by the pick that comes next.
package balance
