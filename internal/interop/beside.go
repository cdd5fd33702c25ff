// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
)

// besideGRPCGo starts a program that has the health and reflection services of
// grpc-go, and Curlew's, and asks both.
func besideGRPCGo(ctx context.Context, b *bench, c *checks) error {
	addresses := make([]string, 2)
	for i := range addresses {
		var err error
		if addresses[i], err = freeAddress(ctx); err != nil {
			return err
		}
	}
	p, err := startProgram(ctx, b, program{name: "sidebyside", path: filepath.Join(b.out, "beside-grpc-go"), args: addresses,
		ready: "serving", signal: syscall.SIGTERM})
	if err != nil {
		return err
	}
	defer func() { c.check("its end", p.stop) }()
	for i, server := range []string{"grpc-go", "Curlew"} {
		for _, test := range []struct {
			name string
			args []string
			want []string
		}{
			{"list", []string{addresses[i], "list"}, []string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}},
			{"describe", []string{addresses[i], "describe", "grpc.health.v1.Health"}, []string{"rpc Watch ( .grpc.health.v1.HealthCheckRequest ) returns ( stream .grpc.health.v1.HealthCheckResponse )"}},
			{"check", []string{addresses[i], "grpc.health.v1.Health/Check"}, []string{`"status": "SERVING"`}},
		} {
			c.check(server+": "+test.name, func() error {
				out, err := output(ctx, "", filepath.Join(b.out, "grpcurl"), append([]string{"-plaintext"}, test.args...)...)
				if err != nil {
					return fmt.Errorf("%w: %s", err, tail(out, 5))
				}
				return contains(out, test.want...)
			})
		}
	}
	return nil
}
