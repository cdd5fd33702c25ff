// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// connectConfig is all that the Connect conformance suite has for HTTP/1.1 and
// HTTP/2.
const connectConfig = `features:
  versions: [HTTP_VERSION_1, HTTP_VERSION_2]
  protocols: [PROTOCOL_CONNECT, PROTOCOL_GRPC, PROTOCOL_GRPC_WEB]
  codecs: [CODEC_PROTO, CODEC_JSON]
  compressions:
  - COMPRESSION_IDENTITY
  - COMPRESSION_GZIP
  - COMPRESSION_BR
  - COMPRESSION_ZSTD
  - COMPRESSION_DEFLATE
  - COMPRESSION_SNAPPY
  supportsH2c: true
  supportsTls: true
  supportsTlsClientCerts: true
  supportsTrailers: true
  supportsHalfDuplexBidiOverHttp1: true
  supportsConnectGet: true
  supportsMessageReceiveLimit: true
`

// How many cases of connectrpc.com/conformance v1.0.6 this configuration has.
const (
	serverCases = 10756
	clientCases = 13094
)

func connectServer(ctx context.Context, b *bench) (result, error) {
	return connectSuite(ctx, b, "server", "connectserver", serverCases)
}

func connectClient(ctx context.Context, b *bench) (result, error) {
	return connectSuite(ctx, b, "client", "connectclient", clientCases)
}

// connectSuite runs the suite against one of our programs. A few cases that fail
// are run again by themselves, and have passed if they then do, which is told:
// some of the suite's own peers have races. Its gRPC server sends the header of
// a half-duplex call at the first request, which over HTTP/1.1 closes the body
// to whoever still reads it.
func connectSuite(ctx context.Context, b *bench, mode, program string, want int) (result, error) {
	r, err := runConnect(ctx, b, "connect-"+mode, mode, program, b.patterns)
	if err != nil {
		return r, err
	}
	if len(b.patterns) == 0 && r.total != want {
		return r, fmt.Errorf("there were %d cases instead of %d", r.total, want)
	}
	if n := len(r.failed); n > 0 && n <= mostAgain && r.passed+n == r.total {
		again, err := runConnect(ctx, b, "connect-"+mode+"-again", mode, program, r.failed)
		for _, name := range r.failed {
			r.remarks = append(r.remarks, "run again: "+name)
		}
		if err == nil && again.ok() && again.total == n {
			r.failed, r.passed = nil, r.total
		}
	}
	return r, nil
}

// mostAgain is how many cases are run again at most: more are no accident.
const mostAgain = 5

// runConnect runs the cases of some patterns, all if there are none.
func runConnect(ctx context.Context, b *bench, name, mode, program string, patterns []string) (result, error) {
	config := filepath.Join(b.out, "connect.yaml")
	if err := os.WriteFile(config, []byte(connectConfig), 0o644); err != nil {
		return result{}, err
	}
	args := []string{"-v", "--conf", config, "--mode", mode}
	for _, p := range patterns {
		args = append(args, "--run", p)
	}
	out, failure := logged(ctx, b, name, "connectconformance", append(args, "--", b.program(program))...)
	r, err := readConnect(out)
	switch {
	case err != nil:
		return r, fmt.Errorf("%w (%v)\n%s", err, failure, tail(out, 5))
	case failure != nil && len(r.failed) == 0:
		return r, failure
	}
	return r, nil
}

var (
	connectTotal  = regexp.MustCompile(`(?m)^Total cases: (\d+)\n(\d+) passed, (\d+) failed`)
	connectFailed = regexp.MustCompile(`(?m)^FAILED: (.*?):?$`)
	connectOther  = regexp.MustCompile(`(?m)^(\(?Another \d+ .*)$`)
)

// readConnect reads the runner's summary.
func readConnect(out string) (result, error) {
	var r result
	summary := connectTotal.FindStringSubmatch(out)
	if summary == nil {
		return r, fmt.Errorf("the runner printed no summary")
	}
	r.total, _ = strconv.Atoi(summary[1])
	r.passed, _ = strconv.Atoi(summary[2])
	r.remarks = append(r.remarks, "the suite's count: "+strings.ReplaceAll(summary[0], "\n", ", "))
	for _, m := range connectFailed.FindAllStringSubmatch(out, -1) {
		r.failed = append(r.failed, m[1])
	}
	others := connectOther.FindAllString(out, -1)
	r.remarks = append(r.remarks, others...)
	if len(others) > 0 {
		return r, fmt.Errorf("not all cases were run")
	}
	return r, nil
}
