// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fleetsim:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fleetsim", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "`number` that arrivals, work and choices follow from")
	only := flags.String("only", "", "run the scenarios of this comma-separated `list` only")
	docs := flags.String("docs", "", "write tables into balancing.md and plots into images of this `folder`")
	check := flags.Bool("check", false, "run small fleets, and fail if one is not as it must be")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if *check {
		return checkAll(*seed, out)
	}
	chosen, err := choose(scenarios(*seed), *only)
	if err != nil {
		return err
	}
	if *docs != "" && *only != "" {
		return errors.New("-docs needs all scenarios; leave out -only")
	}
	results := simulate(chosen)
	var tables strings.Builder
	fmt.Fprintf(&tables, "Seed %d.\n", *seed)
	for i, s := range chosen {
		s.table(&tables, results[i])
	}
	if *docs != "" {
		return write(*docs, tables.String(), chosen, results)
	}
	_, err = io.WriteString(out, tables.String())
	return err
}

// choose returns the scenarios of a list of names; all for an empty one.
func choose(all []scenario, list string) ([]scenario, error) {
	if list == "" {
		return all, nil
	}
	var chosen []scenario
next:
	for name := range strings.SplitSeq(list, ",") {
		for _, s := range all {
			if s.name == name {
				chosen = append(chosen, s)
				continue next
			}
		}
		return nil, fmt.Errorf("there is no scenario %q", name)
	}
	return chosen, nil
}

// result is what a picker made of a scenario.
type result struct {
	picker string
	*sim.Outcome
}

// simulate runs the scenarios, as many runs at a time as there are processors.
func simulate(all []scenario) [][]result {
	known := make(map[string]picker)
	for _, p := range pickers() {
		known[p.name] = p
	}
	results := make([][]result, len(all))
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, s := range all {
		results[i] = make([]result, len(s.pickers))
		for k, name := range s.pickers {
			p, ok := known[name]
			if !ok {
				panic("no picker " + name)
			}
			places <- struct{}{}
			wg.Go(func() {
				results[i][k] = result{name, sim.Run(s.config, p.make)}
				<-places
			})
		}
	}
	wg.Wait()
	return results
}
