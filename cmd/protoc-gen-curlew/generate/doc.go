// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package generate turns the services of .proto files into Go: for a service
// Greeter what protoc-gen-curlew writes beside the messages,
//
//	GreeterClient, NewGreeterClient(curlew.Caller)     calls the service
//	GreeterService, NewGreeterService(GreeterService)  serves it: a *curlew.Service
//	UnimplementedGreeterService                        to embed
//	GreeterName                                        "greet.v1.Greeter"
//
// and for a stream method Chat its two ends, Greeter_ChatClient and
// Greeter_ChatServer. The client and both ends are interfaces, so that tests
// can replace them. A service that is called UserService gives NewUserService,
// not NewUserServiceService.
//
// # A method is added
//
// Nothing has to be embedded: a server that lacks a method then fails to
// compile, which is what the owner of a service wants. Who implements somebody
// else's service embeds UnimplementedGreeterService and keeps compiling. Callers
// take a GreeterClient; what replaces one in tests embeds it for the same reason.
//
// # Other generators
//
// The names of clients and streams are those of protoc-gen-go-grpc, since
// whoever comes from there knows them, so the two cannot write to one Go
// package. Where they meet, during a migration, give the parameter
// package_suffix: package_suffix=rpc writes to a package greetv1rpc in a folder
// of that name below that of the messages.
//
// Where a message is called as something here would be, an underscore is put
// after the service's Go name, and where two methods of a service have one Go
// name, after that of the second. The names on the wire stay as they are.
package generate
