// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command cover reads a coverage profile, prints the statement coverage of each
// package and of all together, and fails if the latter is too low. Generated
// files do not count.
//
//	go run ./cover -min 85 profile
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/cover"
)

func main() {
	least := flag.Float64("min", 0, "the least coverage of all packages together, in percent")
	flag.Parse()
	if err := run(os.Stdout, flag.Arg(0), *least); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

// coverage counts statements.
type coverage struct{ covered, all int }

func (c coverage) percent() float64 { return 100 * float64(c.covered) / float64(max(c.all, 1)) }

func (c *coverage) add(b cover.ProfileBlock) {
	c.all += b.NumStmt
	if b.Count > 0 {
		c.covered += b.NumStmt
	}
}

func run(w io.Writer, profile string, least float64) error {
	files, err := cover.ParseProfiles(profile)
	if err != nil {
		return err
	}
	var total coverage
	packages := make(map[string]*coverage)
	for _, f := range files {
		if strings.HasSuffix(f.FileName, ".pb.go") {
			continue
		}
		p := packages[path.Dir(f.FileName)]
		if p == nil {
			p = new(coverage)
			packages[path.Dir(f.FileName)] = p
		}
		for _, b := range f.Blocks {
			p.add(b)
			total.add(b)
		}
	}
	if total.all == 0 {
		return errors.New("the profile has no statements")
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		fmt.Fprintf(w, "%6.1f %%  of %5d  %s\n", packages[name].percent(), packages[name].all, name)
	}
	fmt.Fprintf(w, "%6.1f %%  of %5d  all together\n", total.percent(), total.all)
	if total.percent() < least {
		return fmt.Errorf("%.2f %% of the statements are covered, which is less than %g %%", total.percent(), least)
	}
	return nil
}
