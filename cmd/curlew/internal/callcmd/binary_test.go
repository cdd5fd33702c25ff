// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd_test

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

// TestBinary runs the program as a shell does.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program := filepath.Join(t.TempDir(), "curlew")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/curlewrpc/curlew/cmd/curlew").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := shoptest.Serve(t)
	for _, test := range []struct {
		in   string
		args []string
		want shoptest.Result
	}{
		{"", []string{"call", address, buy, `{"sku":"a"}`}, shoptest.Result{Out: `{"items":["a"]}` + "\n"}},
		{`{"sku":"a"}{"sku":"b"}`, []string{"call", address, fill}, shoptest.Result{Out: `{"items":["a","b"]}` + "\n"}},
		{"", []string{"call", address, shoptest.Service + "/Fail", `{"code":5}`}, shoptest.Result{Status: 69, Err: "not_found: as asked for"}},
		{"", []string{"call", address}, shoptest.Result{Status: 2, Err: "See 'curlew call --help'."}},
		{"", []string{"call", "--help"}, shoptest.Result{Out: "Examples:\n  curlew call localhost:8080"}},
		{"", []string{"ls", address, shoptest.Service}, shoptest.Result{Out: buy + "\n"}},
		{"", []string{"describe", address, "shoptest.Order"}, shoptest.Result{Out: "message Order {\n  int32 count = 1;\n}\n"}},
		{"", []string{"completion", "bash"}, shoptest.Result{Out: "__start_curlew"}},
		{"", []string{"__complete", "call", address, shoptest.Service + "/Ha"}, shoptest.Result{Out: haggle + "\n:4\n"}},
	} {
		var out, errs bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program, test.args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(test.in), &out, &errs
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if cmd.ProcessState.ExitCode() != test.want.Status || !strings.Contains(out.String(), test.want.Out) || !strings.Contains(errs.String(), test.want.Err) {
			t.Errorf("%v: got status %d, %q, %q; want %+v", test.args, cmd.ProcessState.ExitCode(), &out, &errs, test.want)
		}
	}
}
