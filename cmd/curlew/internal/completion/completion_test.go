// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package completion_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/callcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/describecmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/lscmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

// complete returns what a shell is offered for the last of the arguments, and
// how it goes on: ":4" no files, ":6" no space, too.
func complete(t *testing.T, command func(*cli.Env) *cobra.Command, args ...string) (names []string, directive string) {
	t.Helper()
	got := shoptest.Run(t, command, append([]string{cobra.ShellCompRequestCmd}, args...)...)
	if got.Status != 0 {
		t.Fatalf("%v: %+v", args, got)
	}
	lines := strings.Fields(got.Out)
	return lines[:len(lines)-1], lines[len(lines)-1]
}

func TestCompletion(t *testing.T) {
	address := shoptest.Serve(t)
	for _, test := range []struct {
		command   func(*cli.Env) *cobra.Command
		args      []string
		want      []string
		directive string
	}{
		{callcmd.New, []string{"call", ""}, nil, ":4"},
		{callcmd.New, []string{"call", address, ""}, []string{"grpc.health.v1.Health/", "shop.v1.Shop/"}, ":6"},
		{callcmd.New, []string{"call", "--protocol", "grpc", address, "shop.v1.Shop/B"}, []string{"shop.v1.Shop/Browse", "shop.v1.Shop/Buy"}, ":4"},
		{callcmd.New, []string{"call", address, "shop.v1.Shop/Buy", ""}, nil, ":4"},
		{callcmd.New, []string{"call", "127.0.0.1:1", ""}, nil, ":4"},
		{callcmd.New, []string{"call", "--codec", ""}, []string{"json", "proto"}, ":4"},
		{lscmd.New, []string{"ls", address, "--protocol", ""}, []string{"auto", "connect", "grpc", "grpc-web", "jsonrpc", "jsonrpc1", "native"}, ":4"},
		{lscmd.New, []string{"ls", address, "s"}, []string{"shop.v1.Shop"}, ":4"},
		{describecmd.New, []string{"describe", address, "shoptest.O"}, []string{"shoptest.Order"}, ":4"},
		{describecmd.New, []string{"describe", "--proto", "../describecmd/testdata/two.proto", "torture.v2.Old.M"}, []string{"torture.v2.Old.Mood"}, ":4"},
	} {
		names, directive := complete(t, test.command, test.args...)
		slices.Sort(names)
		if !slices.Equal(names, test.want) || directive != test.directive {
			t.Errorf("%v: got %q %s, want %q %s", test.args, names, directive, test.want, test.directive)
		}
	}
}
