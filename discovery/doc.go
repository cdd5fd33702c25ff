// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package discovery finds servers. A [Resolver] turns the name of a service
// into endpoints and goes on to tell how they change; a [Registrar] puts a
// server's endpoint where resolvers look.
//
// A client is given a target, "localhost:8080" or "dns:///shop.example:8080";
// [ParseTarget] reads it, and the scheme says which resolver it is for.
// Targets without a scheme name addresses and need none.
//
// [Static] is a resolver of fixed endpoints. Those of names are in discovery/dns,
// those of a file that is edited live in discovery/file, and those of registries
// in modules of their own: contrib/etcd, contrib/consul, contrib/kubernetes. All
// of them pass the suite in discovery/discoverytest.
package discovery
