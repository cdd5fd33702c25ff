// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package lscmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/lscmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

func TestList(t *testing.T) {
	address := shoptest.Serve(t)
	proto := filepath.Join(t.TempDir(), "a.proto")
	text := `syntax = "proto3"; package a; message M {} service S { rpc Do(stream M) returns (M); }`
	if err := os.WriteFile(proto, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{address}, "grpc.health.v1.Health\nshop.v1.Shop\n"},
		{[]string{address, "--protocol", "grpc"}, "grpc.health.v1.Health\nshop.v1.Shop\n"},
		{[]string{address, "grpc.health.v1.Health"}, "grpc.health.v1.Health/Check\ngrpc.health.v1.Health/List\ngrpc.health.v1.Health/Watch\n"},
		{[]string{"--proto", proto}, "a.S\n"},
		{[]string{"--proto", proto, "-l"}, "a.S\n  a.S/Do(stream a.M) returns (a.M)\n"},
		{[]string{"--proto", proto, "a.S", "-l"}, "a.S/Do(stream a.M) returns (a.M)\n"},
	} {
		got := shoptest.Run(t, lscmd.New, append([]string{"ls"}, test.args...)...)
		if got.Status != 0 || got.Out != test.want || got.Err != "" {
			t.Errorf("%v: got %+v, want %s", test.args, got, test.want)
		}
	}
}

func TestJSON(t *testing.T) {
	address := shoptest.Serve(t)
	got := shoptest.Run(t, lscmd.New, "ls", address, shoptest.Service, "--json")
	var list []struct {
		Name    string
		Methods []struct{ Name, Kind, Request, Reply, Idempotency string }
	}
	if err := json.Unmarshal([]byte(got.Out), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %+v", err, got)
	}
	kinds := make(map[string]string)
	for _, m := range list[0].Methods {
		kinds[strings.TrimPrefix(m.Name, shoptest.Service+"/")] = m.Kind
	}
	if list[0].Name != shoptest.Service || kinds["Buy"] != "unary" || kinds["Browse"] != "server_stream" || kinds["Fill"] != "client_stream" || kinds["Haggle"] != "bidi" {
		t.Errorf("got %s", got.Out)
	}
	for _, m := range list[0].Methods {
		if m.Name == shoptest.Service+"/Buy" && (m.Request != "shoptest.Item" || m.Reply != "shoptest.Receipt" || m.Idempotency != "idempotent") {
			t.Errorf("got %+v", m)
		}
	}
}

func TestErrors(t *testing.T) {
	address := shoptest.Serve(t)
	for _, test := range []struct {
		args   []string
		status int
		text   string
	}{
		{nil, cli.UsageStatus, "needs the server's address"},
		{[]string{address, "a", "b"}, cli.UsageStatus, `"b" is too much`},
		{[]string{address, "shop.v1.Shp"}, 1, "Did you mean shop.v1.Shop?"},
		{[]string{"127.0.0.1:1"}, 64 + 14, "cannot connect"},
		{[]string{"--proto", "no-such.proto"}, 1, "no-such.proto"},
	} {
		got := shoptest.Run(t, lscmd.New, append([]string{"ls"}, test.args...)...)
		if got.Status != test.status || !strings.Contains(got.Err, test.text) {
			t.Errorf("%v: got %+v, want %q", test.args, got, test.text)
		}
	}
}
