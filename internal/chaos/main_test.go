// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/scenario"
)

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-list"}, 0, "roll-etcd"},
		{[]string{"-list", "-run", "^kill$"}, 0, "kill -9"},
		{[]string{"-run", "nothing"}, 2, "leaves nothing"},
		{[]string{"-run", "("}, 2, "-run"},
		{[]string{"kill"}, 2, `unexpected argument "kill"`},
		{[]string{"-fast"}, 2, "not defined"},
		{[]string{"-help"}, 0, "-seed"},
	} {
		var out strings.Builder
		if status := run(t.Context(), c.args, &out, &out); status != c.status || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: status %d, %s", c.args, status, out.String())
		}
	}
}

// A missed figure and a scenario that failed are a status of 1, and one that was
// not run is said.
func TestSummary(t *testing.T) {
	met, missed := figure.New("s", "good", 0, "", figure.AtMost(0), 1), figure.New("s", "bad", 1, "", figure.AtMost(0), 1)
	for _, c := range []struct {
		result scenario.Result
		status int
		want   string
	}{
		{scenario.Result{Figures: []figure.Figure{met}}, 0, "1 figures met, 0 missed; 0 scenarios failed, 0 not run"},
		{scenario.Result{Figures: []figure.Figure{met, missed}}, 1, "bad"},
		{scenario.Result{Failed: true}, 1, "failed: kill"},
		{scenario.Result{Skipped: "there is no nft"}, 0, "not run: kill: there is no nft"},
	} {
		var out strings.Builder
		var total summary
		total.add("kill", c.result)
		if status := total.print(&out); status != c.status || !strings.Contains(out.String(), c.want) {
			t.Errorf("%+v: status %d, %s", c.result, status, out.String())
		}
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chaos.json")
	if err := write(path, []figure.Figure{figure.New("s", "n", 1, "ms", figure.AtMost(2), 3)}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var figures []figure.Figure
	if err := json.Unmarshal(text, &figures); err != nil || len(figures) != 1 || figures[0].Bound.Value != 2 {
		t.Errorf("%v: %s", err, text)
	}
}
