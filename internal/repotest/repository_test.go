// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"flag"
	"testing"
)

// update makes the rules that compare with files write those files instead.
var update = flag.Bool("update", false, "rewrite the API lists and the listings of the documentation")

func TestRepository(t *testing.T) {
	repo, err := load("../..")
	if err != nil {
		t.Fatal(err)
	}
	typed, err := typeCheck(repo)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []struct {
		name     string
		problems func() []problem
	}{
		{"parse", func() []problem { return repo.broken }},
		{"ranks", func() []problem { return checkRanks(repo, ranks) }},
		{"api", func() []problem { return checkAPI(repo, ceilings, *update) }},
		{"requirements", func() []problem { return checkRequirements(repo) }},
		{"lengths", func() []problem { return checkLengths(repo) }},
		{"headers", func() []problem { return checkHeaders(repo) }},
		{"package comments", func() []problem { return checkPackageComments(repo) }},
		{"forbidden", func() []problem { return checkForbidden(repo) }},
		{"tests", func() []problem { return checkTests(repo) }},
		{"variables", func() []problem { return checkVariables(repo, typed) }},
		{"goroutines", func() []problem { return checkGoroutines(repo, typed) }},
		{"listings", func() []problem { return checkListings(repo, *update) }},
		{"capabilities", func() []problem { return checkCapabilities(repo) }},
		{"paths", func() []problem { return checkPaths(repo) }},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, p := range rule.problems() {
				t.Error(p)
			}
		})
	}
}
