// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// interopCases are the cases of gRPC's interoperability tests that need neither
// a cloud nor ORCA, a protocol of load reports.
func interopCases() []string {
	return []string{
		"empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
		"timeout_on_sleeping_server", "cancel_after_begin", "cancel_after_first_response",
		"status_code_and_message", "special_status_message", "custom_metadata",
		"unimplemented_method", "unimplemented_service", "rpc_soak", "channel_soak",
	}
}

// A pairing is a server and a client that must understand one another. Each may
// have a flag.
type pairing struct{ server, serverFlag, client, clientFlag string }

// pairings are Curlew and grpc-go, each way; then the same with the code that is
// generated for grpc-go on Curlew, by contrib/grpcgo.
func pairings() []pairing {
	const stubs = "-stubs"
	return []pairing{
		{"interopserver", "", "grpcgo-client", ""},
		{"grpcgo-server", "", "interopclient", ""},
		{"interopserver", stubs, "grpcgo-client", ""},
		{"grpcgo-server", "", "interopclient", stubs},
		{"interopserver", stubs, "interopclient", stubs},
	}
}

func (p pairing) String() string {
	return strings.Join(strings.Fields(p.server+" "+p.serverFlag+" and "+p.client+" "+p.clientFlag), " ")
}

// caseTimeout bounds one case: the longest make ten calls of at most a second.
const caseTimeout = 40 * time.Second

// grpcInterop runs the cases in every pairing, in plaintext and over TLS.
func grpcInterop(ctx context.Context, b *bench) (result, error) {
	var sum result
	for _, p := range pairings() {
		for _, tls := range []bool{false, true} {
			r, err := p.run(ctx, b, tls)
			sum.total += r.total
			sum.passed += r.passed
			sum.failed = append(sum.failed, r.failed...)
			sum.remarks = append(sum.remarks, r.remarks...)
			if err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}

func (p pairing) run(ctx context.Context, b *bench, tls bool) (result, error) {
	serverFlags, clientFlags := strings.Fields(p.serverFlag), strings.Fields(p.clientFlag)
	name := p.String() + ", plaintext"
	if tls {
		name = p.String() + ", TLS"
		serverFlags = append(serverFlags, "-use_tls")
		clientFlags = append(clientFlags, "-use_tls", "-use_test_ca", "-server_host_override=foo.test.google.fr")
	}
	s, err := start(ctx, b, p.server, serverFlags...)
	if err != nil {
		return result{}, err
	}
	clientFlags = append(clientFlags, "-server_host=127.0.0.1", fmt.Sprintf("-server_port=%d", s.port))
	var r result
	for _, test := range interopCases() {
		r.total++
		if out, err := runCase(ctx, b, p.client, append(clientFlags, "-test_case="+test)); err != nil {
			r.failed = append(r.failed, fmt.Sprintf("%s: %s: %v\n%s", name, test, err, indent(tail(out, 4))))
		} else {
			r.passed++
		}
	}
	r.remarks = []string{fmt.Sprintf("%s: %d of %d cases", name, r.passed, r.total)}
	return r, s.stop()
}

func runCase(ctx context.Context, b *bench, program string, args []string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, caseTimeout)
	defer stop()
	out, err := exec.CommandContext(ctx, b.program(program), args...).CombinedOutput()
	return string(out), err
}

func indent(text string) string { return "      " + strings.ReplaceAll(text, "\n", "\n      ") }
