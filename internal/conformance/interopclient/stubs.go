// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/curlewrpc/curlew/contrib/grpcgo"
)

// stubCases are grpc-go's own code of the cases, over Curlew's client. That code
// ends the program where it finds something wrong.
func stubCases() map[string]func(*trial) error {
	service := func(do func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)) func(*trial) error {
		return stubCase(func(t *trial, conn *grpc.ClientConn) { do(t.ctx, testgrpc.NewTestServiceClient(conn)) })
	}
	return map[string]func(*trial) error{
		"empty_unary":                 service(interop.DoEmptyUnaryCall),
		"large_unary":                 service(interop.DoLargeUnaryCall),
		"client_streaming":            service(interop.DoClientStreaming),
		"server_streaming":            service(interop.DoServerStreaming),
		"ping_pong":                   service(interop.DoPingPong),
		"empty_stream":                service(interop.DoEmptyStream),
		"timeout_on_sleeping_server":  service(interop.DoTimeoutOnSleepingServer),
		"cancel_after_begin":          service(interop.DoCancelAfterBegin),
		"cancel_after_first_response": service(interop.DoCancelAfterFirstResponse),
		"status_code_and_message":     service(interop.DoStatusCodeAndMessage),
		"special_status_message":      service(interop.DoSpecialStatusMessage),
		"custom_metadata":             service(interop.DoCustomMetadata),
		"unimplemented_method":        stubCase(func(t *trial, conn *grpc.ClientConn) { interop.DoUnimplementedMethod(t.ctx, conn) }),
		"unimplemented_service": stubCase(func(t *trial, conn *grpc.ClientConn) {
			interop.DoUnimplementedService(t.ctx, testgrpc.NewUnimplementedServiceClient(conn))
		}),
		"rpc_soak": stubCase(func(t *trial, conn *grpc.ClientConn) {
			interop.DoSoakTest(t.ctx, soakConfig(t.dialer.target, func() (*grpc.ClientConn, func()) { return conn, func() {} }))
		}),
		"channel_soak": func(t *trial) error {
			var failed error
			interop.DoSoakTest(t.ctx, soakConfig(t.dialer.target, func() (*grpc.ClientConn, func()) {
				c, err := t.dialer.dial()
				if err == nil {
					var conn *grpc.ClientConn
					if conn, err = grpcgo.NewConn(c).ClientConn(); err == nil {
						return conn, func() { conn.Close(); c.Close() }
					}
				}
				failed = err
				return nil, func() {}
			}))
			return failed
		},
	}
}

// stubCase is a case whose calls the trial's client makes.
func stubCase(do func(*trial, *grpc.ClientConn)) func(*trial) error {
	return func(t *trial) error {
		conn, err := grpcgo.NewConn(t.client).ClientConn()
		if err != nil {
			return err
		}
		defer conn.Close()
		do(t, conn)
		return nil
	}
}

// soakConfig is what grpc-go's own client has without flags.
func soakConfig(target string, channel func() (*grpc.ClientConn, func())) interop.SoakTestConfig {
	return interop.SoakTestConfig{
		RequestSize:                      largeRequest,
		ResponseSize:                     largeReply,
		PerIterationMaxAcceptableLatency: time.Second,
		OverallTimeout:                   10 * time.Second,
		ServerAddr:                       target,
		NumWorkers:                       1,
		Iterations:                       10,
		ChannelForTest:                   channel,
	}
}
