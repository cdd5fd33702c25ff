// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package curlew is the vocabulary of the Curlew RPC framework: services and
// methods, calls and streams, headers, codes and errors. It dials nothing and
// listens to nothing; package server serves services and package client calls
// them.
//
// A service is a value. [Reflect] makes one from plain Go methods, generated
// code makes one from a .proto file, and [NewService] makes one by hand:
//
//	greeter := curlew.NewService("Greeter",
//		curlew.Unary("Greet", func(ctx context.Context, in *GreetRequest) (*GreetReply, error) {
//			return &GreetReply{Text: "Hello, " + in.Name}, nil
//		}),
//	)
//
// Every RPC is a stream of messages with a [Header] before and a trailer
// after; a unary call is a stream with one message each way. What happens
// around a call is written once, as an [Interceptor], for all four kinds and
// for both sides.
package curlew
