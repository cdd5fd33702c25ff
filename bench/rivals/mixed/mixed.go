// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package mixed joins one framework's client with another's server, over the
// gRPC protocol.
package mixed

import (
	"slices"

	"github.com/curlewrpc/curlew/bench/rival"
	"github.com/curlewrpc/curlew/bench/rivals/curlew"
	"github.com/curlewrpc/curlew/bench/rivals/grpcgo"
)

// Frameworks returns grpc-go's client with Curlew's server, and the other way
// round.
func Frameworks() []rival.Framework {
	ours, theirs := named(curlew.Frameworks(), "curlew-grpc"), named(grpcgo.Frameworks(), "grpc-go")
	return []rival.Framework{
		join(theirs, ours, "grpc-go-to-curlew", "grpc-go's client with Curlew's server, gRPC protocol"),
		join(ours, theirs, "curlew-to-grpc-go", "Curlew's client with grpc-go's server, gRPC protocol"),
	}
}

func named(all []rival.Framework, name string) rival.Framework {
	return all[slices.IndexFunc(all, func(f rival.Framework) bool { return f.Name == name })]
}

func join(client, server rival.Framework, name, about string) rival.Framework {
	return rival.Framework{Name: name, About: about, Streams: true, ForFloors: true, Serve: server.Serve, Dial: client.Dial}
}
