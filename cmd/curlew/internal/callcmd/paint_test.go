// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/callcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

// TestColor compares what is printed in colours with what is printed without.
func TestColor(t *testing.T) {
	address := shoptest.Serve(t)
	request := `{"sku":"a \"q\": ,{\\","count":-2,"gift":true,"price":1.5e300,"parts":[{},{"names":{"1":"]"}}]}`
	run := func(colors bool, args ...string) shoptest.Result {
		env := &cli.Env{OutTerminal: true, Color: colors, ErrColor: colors}
		return shoptest.RunIn(t, strings.NewReader(""), env, callcmd.New, append([]string{"call", address}, args...)...)
	}
	plain, colored := run(false, haggle, request), run(true, haggle, request)
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if got := escape.ReplaceAllString(colored.Out, ""); got != plain.Out || plain.Out == colored.Out {
		t.Errorf("got %q, want %q", got, plain.Out)
	}
	for _, part := range []string{"\x1b[1;34m\"sku\"\x1b[0m", "\x1b[32m\"a \\\"q\\\": ,{\\\\\"\x1b[0m", "\x1b[36m-1\x1b[0m", "\x1b[33mtrue\x1b[0m"} {
		if !strings.Contains(colored.Out, part) {
			t.Errorf("there is no %q in %q", part, colored.Out)
		}
	}
	if got := run(true, haggle, request, "--no-color"); got.Out != plain.Out {
		t.Errorf("with --no-color: %q", got.Out)
	}
	if got := run(true, "no.such/Method"); !strings.HasPrefix(got.Err, "\x1b[1;31mcurlew:\x1b[0m no method") {
		t.Errorf("got %q", got.Err)
	}
	if got := run(true, "no.such/Method", "--no-color"); !strings.HasPrefix(got.Err, "curlew: no method") {
		t.Errorf("got %q", got.Err)
	}
}

// TestNoOutcome is about the document that --json prints if there was no call.
func TestNoOutcome(t *testing.T) {
	address := shoptest.Serve(t)
	for _, test := range []struct {
		args          []string
		status        int
		code, message string
	}{
		{[]string{"127.0.0.1:1", buy}, 78, "unavailable", "Nothing listens there"},
		{[]string{address, shoptest.Service + "/By"}, 1, "", "Did you mean Buy?"},
		{[]string{address, buy, `{"sku":1}`}, 1, "", "sku: expected a string"},
		{[]string{address, buy, "--codec", "xml"}, cli.UsageStatus, "", "use proto or json"},
	} {
		got := call(t, "", append(test.args, "--json")...)
		var doc struct {
			Error struct {
				Message, Code string
				ExitStatus    int `json:"exit_status"`
			}
		}
		if err := json.Unmarshal([]byte(got.Out), &doc); err != nil {
			t.Fatalf("%v: %q", err, got.Out)
		}
		if e := doc.Error; got.Status != test.status || e.ExitStatus != test.status || e.Code != test.code || !strings.Contains(e.Message, test.message) {
			t.Errorf("status %d, %s", got.Status, got.Out)
		}
		if !strings.Contains(got.Err, test.message) {
			t.Errorf("standard error: %s", got.Err)
		}
	}
}

// TestAny sends a google.protobuf.Any of a type that only the descriptors know.
func TestAny(t *testing.T) {
	address := shoptest.Serve(t)
	flags := []string{"--proto", "testdata/kinds.proto", "-I", "testdata", address, shoptest.Service + "/Take"}
	for _, codec := range []string{"proto", "json"} {
		request := `{"any": {"@type": "type.googleapis.com/shop.v1.Kinds", "left": "x"}}`
		got := call(t, "", append(flags, request, "--codec", codec)...)
		wantError(t, got, 64+12, "unimplemented") // it could be sent; the server has no such method
	}
}
