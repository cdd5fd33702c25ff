// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package repotest holds the rules of this repository as tests: which package
// may import which, what each may export, how long a file may be, what is
// forbidden, that the listings in the documentation are cut from code that
// compiles, and that its tables of what protocols carry are what the behaviour
// suite holds them to. It has no code but tests; they run with all others.
//
// TestRepository checks the repository, one rule a subtest; the other tests
// check the rules on repositories made up for them. Two rules compare with
// files that they can also write:
//
//	make api     # the exported API of the main packages, testdata/api
//	make docs    # the listings in README and docs
package repotest
