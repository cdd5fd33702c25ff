// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpeer_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

func TestBench(t *testing.T) {
	plain := serve(t)
	option, trust := secure(t)
	encrypted := serve(t, option)
	const payload = `"payload":{"body":"aGVsbG8="}`
	for _, c := range []struct {
		args           []string
		sent, received int64 // of 40 calls
	}{
		{[]string{plain, "grpc.testing.TestService/UnaryCall", "{" + payload + "}"}, 40, 40},
		{append([]string{encrypted, "grpc.testing.TestService/UnaryCall", "{" + payload + "}"}, trust...), 40, 40},
		{[]string{plain, "grpc.testing.TestService/UnaryCall", `{"payload":{"body":"{{printf "%04d" .Seq}}"}}`, "--rate", "400"}, 40, 40},
		{[]string{plain, "grpc.testing.TestService/StreamingOutputCall", `{"responseParameters":[{},{},{}]}`}, 40, 120},
		{[]string{plain, "grpc.testing.TestService/StreamingInputCall", "{" + payload + "}", "--messages", "5"}, 200, 40},
	} {
		var out, errs bytes.Buffer
		env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs}
		args := append([]string{"bench", "-n", "40", "-c", "4", "--check", "--json"}, c.args...)
		status := env.Run(t.Context(), env.Root("curlew", "", benchcmd.New(env)), args)
		var r struct {
			Protocol string
			Calls    int64
			Errors   int64
			Sent     int64 `json:"messages_sent"`
			Received int64 `json:"messages_received"`
		}
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || status != 0 {
			t.Fatalf("%v: status %d, %v\n%s%s", c.args, status, err, out.String(), errs.String())
		}
		if r.Protocol != "grpc" || r.Calls != 40 || r.Errors != 0 || r.Sent != c.sent || r.Received != c.received {
			t.Errorf("%v: %+v\n%s", c.args, r, out.String())
		}
	}
}
