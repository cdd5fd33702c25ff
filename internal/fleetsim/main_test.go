// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

// tiny is a scenario whose runs are short.
func tiny(t *testing.T, name string) scenario {
	t.Helper()
	chosen, err := choose(scenarios(1), name)
	if err != nil {
		t.Fatal(err)
	}
	s := small(chosen[0])
	s.config.From, s.config.Length = 5*time.Second, 20*time.Second
	return s
}

func TestSameSeedSameBytes(t *testing.T) {
	s := tiny(t, "zones")
	table := func() string {
		var b strings.Builder
		s.table(&b, simulate([]scenario{s})[0])
		return b.String()
	}
	first := table()
	if again := table(); first != again {
		t.Errorf("two runs differ:\n%s\n%s", first, again)
	}
	if lines := strings.Count(first, "\n| "); lines != len(s.pickers)+1 {
		t.Errorf("%d lines of %d pickers:\n%s", lines, len(s.pickers), first)
	}
}

// TestEveryPickerIsCompared: each has a place in a scenario, and the other way
// round.
func TestEveryPickerIsCompared(t *testing.T) {
	used := make(map[string]bool)
	names := make(map[string]bool)
	for _, s := range scenarios(1) {
		if names[s.name] {
			t.Errorf("two scenarios are called %s", s.name)
		}
		names[s.name] = true
		for _, p := range s.pickers {
			used[p] = true
		}
	}
	for _, p := range pickers() {
		if !used[p.name] {
			t.Errorf("no scenario has %s", p.name)
		}
		delete(used, p.name)
		p.make(sim.Client{Number: 1, Zone: "a", Seed: 1})
	}
	for name := range used {
		t.Errorf("there is no picker %s", name)
	}
	for _, r := range rules() {
		if !names[r.scenario] {
			t.Errorf("there is no scenario %s", r.scenario)
		}
	}
}

func TestChoose(t *testing.T) {
	all := scenarios(1)
	if got, err := choose(all, "zones,even"); err != nil || len(got) != 2 || got[0].name != "zones" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := choose(all, "no such"); err == nil {
		t.Error("an unknown scenario is no error")
	}
}

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "balancing.md")
	if err := os.Mkdir(filepath.Join(folder, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := tiny(t, "one-slow")
	s.pickers = s.pickers[:2]
	if err := write(folder, "new\n", []scenario{s}, simulate([]scenario{s})); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if want := "before\n" + beginMark + "\nnew\n\n" + endMark + "after\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
	svg, err := os.ReadFile(filepath.Join(folder, "images", "balancing-one-slow.svg"))
	if err != nil || !strings.Contains(string(svg), s.pickers[1]) {
		t.Errorf("the plot does not show %s: %v", s.pickers[1], err)
	}
	if err := os.WriteFile(name, []byte("no marks"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(folder, "new", nil, nil); err == nil {
		t.Error("a document without marks is no error")
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"what"}, {"-only", "nothing"}, {"-docs", ".", "-only", "even"}} {
		if err := run(args, new(strings.Builder)); err == nil {
			t.Errorf("%q is no error", args)
		}
	}
}
