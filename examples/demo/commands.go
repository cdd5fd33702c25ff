// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// commands runs the command curlew against the host.
func (t *tour) commands() error {
	root, err := repository()
	if err != nil {
		return err
	}
	at := t.host.address
	for _, c := range []struct {
		line  string // $ stands for the host's address
		shown string // of line
		pick  func(output string) string
		want  string
	}{
		{"ls $", "", has("greet.v1.Greeter"), "greet.v1.Greeter is there"},
		{"describe $ greet.v1.GreetRequest", "describe", has("string name = 1;"), "string name = 1; is there"},
		{`call $ greet.v1.Greeter/Greet {"name":"Ada"}`, "call Greeter/Greet", all, `{"text":"Hello, Ada!"}`},
		{`call --protocol=grpc $ Arith/Multiply {"A":7,"B":8}`, "call, by gRPC", all, `{"value":"56"}`},
		{`call --protocol=connect $ Calculator/Add {"A":7,"B":8}`, "call, by Connect", all, `{"Value":"15"}`},
		{`call $ Arith/Multply {}`, "", has("mean Multiply?"), "exit status 1; mean Multiply? is there"},
		{`bench --quiet --requests=1000 -c=8 $ Arith/Multiply {"A":7,"B":8}`, "bench --requests=1000 -c=8", has("0 failed"), "0 failed is there"},
		{"doctor $", "", has("work, by the native protocol"), "work, by the native protocol is there"},
		{"export proto $ --service=Arith", "", has("service Arith {"), "service Arith { is there"},
		{"check " + filepath.Join(root, "examples", "proto") + " $", "check examples/proto", has("is compatible with"), "is compatible with is there"},
	} {
		shown := c.shown
		if shown == "" {
			shown = c.line
		}
		t.check("curlew "+strings.ReplaceAll(shown, " $", ""), c.want, func(ctx context.Context) (string, error) {
			return t.command(ctx, strings.Fields(strings.ReplaceAll(c.line, "$", at)), c.pick)
		})
	}
	return nil
}

// command runs curlew once and returns what is picked of its output, after the
// exit status if that is not 0.
func (t *tour) command(ctx context.Context, args []string, pick func(string) string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, t.curlew, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	picked := pick(strings.TrimSpace(out.String()))
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		return fmt.Sprintf("exit status %d; %s", failed.ExitCode(), picked), nil
	case err != nil:
		return "", err
	}
	return picked, nil
}

func all(output string) string { return output }

// has tells whether the output has a text, or else what it is.
func has(text string) func(string) string {
	return func(output string) string {
		if strings.Contains(output, text) {
			return text + " is there"
		}
		return output
	}
}
