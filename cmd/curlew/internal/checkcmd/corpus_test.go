// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
)

var update = flag.Bool("update", false, "write what is found to the corpus; look at the difference before it is committed")

// corpus has a folder for each pair: before.proto and after.proto, or folders
// before and after; expect.txt with the findings; buf.json with those of buf.
const corpus = "testdata/corpus"

// cases returns the names of the corpus' pairs.
func cases(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) < 60 {
		t.Fatalf("the corpus has %d pairs, fewer than 60", len(names))
	}
	return names
}

// side returns the path of one side of a pair, a file or a folder.
func side(name, side string) string {
	path := filepath.Join(corpus, name, side)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	return path + ".proto"
}

// findings compares a pair.
func findings(t *testing.T, name string) []rules.Finding {
	t.Helper()
	l := new(loader)
	old, err := l.open(t.Context(), side(name, "before"))
	if err != nil {
		t.Fatal(err)
	}
	new, err := l.open(t.Context(), side(name, "after"))
	if err != nil {
		t.Fatal(err)
	}
	return rules.Compare(old.set, new.set)
}

// TestCorpus compares each pair's findings with those that are expected.
func TestCorpus(t *testing.T) {
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			var lines strings.Builder
			for _, f := range findings(t, name) {
				if f.Reason == "" || f.Fix == "" {
					t.Errorf("%s does not say why, or what to do: %+v", f.Rule, f)
				}
				at := f.New
				if at.File == "" {
					at = f.Old
				}
				fmt.Fprintf(&lines, "%s %s %s %s\n", f.Severity, f.Rule, f.Element, where(at))
			}
			golden(t, filepath.Join(corpus, name, "expect.txt"), lines.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("found:\n%sexpected by %s:\n%s", got, path, want)
	}
}

// TestRulesHaveCases wants each rule to be found somewhere in the corpus, at its
// worst, and nothing worse.
func TestRulesHaveCases(t *testing.T) {
	worst := make(map[string]rules.Severity)
	least := make(map[string]rules.Severity)
	for _, name := range cases(t) {
		for _, f := range findings(t, name) {
			worst[f.Rule] = max(worst[f.Rule], f.Severity)
			if l, ok := least[f.Rule]; !ok || f.Severity < l {
				least[f.Rule] = f.Severity
			}
		}
	}
	for _, r := range rules.All() {
		if worst[r.ID] == 0 {
			t.Errorf("%s is found nowhere in the corpus", r.ID)
			continue
		}
		if worst[r.ID] != r.Worst {
			t.Errorf("%s is %s at worst; its description says %s", r.ID, worst[r.ID], r.Worst)
		}
		if always := least[r.ID] == worst[r.ID]; always != r.Always {
			t.Errorf("%s is always as severe: %t; its description says %t", r.ID, always, r.Always)
		}
		delete(worst, r.ID)
	}
	for id := range worst {
		t.Errorf("%s is not among the rules", id)
	}
}

// TestSameIsCompatible compares each version with itself.
func TestSameIsCompatible(t *testing.T) {
	l := new(loader)
	for _, name := range cases(t) {
		for _, s := range []string{"before", "after"} {
			v, err := l.open(t.Context(), side(name, s))
			if err != nil {
				t.Fatal(err)
			}
			if found := rules.Compare(v.set, v.set); len(found) > 0 {
				t.Errorf("%s of %s is not compatible with itself: %+v", s, name, found)
			}
		}
	}
}
