// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
)

func main() {
	if handled, exit := measure.Main(os.Args[1:], frameworks()); handled {
		os.Exit(exit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// What the program exits with.
const (
	reached  = 0
	failed   = 1
	misused  = 2
	bySignal = 130
)

// options are the command line.
type options struct {
	quick, list, verbose  bool
	run                   *regexp.Regexp
	frameworks            []string // empty: all
	rounds, fewer         int
	warmup, duration      time.Duration // 0: by quick
	seed                  uint64
	out, docs, plots      string
	kitex                 string
	runText, frameworkCSV string
}

const usage = `Measures Curlew beside other RPC frameworks and beside limits, in interleaved
rounds, and holds it to its floors.

	go run . [flags]

Progress goes to stderr; tables go to stdout, results.json (the figures) and
run.json (the machine, the floors, idle connections) to -out. The exit status
is 1 if a floor is missed or a measurement failed. After a wrong answer there
are no figures at all.

Flags:
`

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.quick, "quick", false, "measure only what the floors need, and shorter")
	flags.BoolVar(&o.list, "list", false, "list the scenarios and frameworks and how long they will take, and exit")
	flags.BoolVar(&o.verbose, "v", false, "print each measurement on stderr as it comes")
	flags.StringVar(&o.runText, "run", "", "measure only scenarios whose name fits this `regexp`")
	flags.StringVar(&o.frameworkCSV, "frameworks", "", "measure only the frameworks of this comma-separated `list`")
	flags.IntVar(&o.rounds, "rounds", 7, "`number` of rounds; less than 6 leave all floors inconclusive")
	flags.IntVar(&o.fewer, "other-rounds", 3, "`number` of rounds of frameworks that no floor depends on")
	flags.DurationVar(&o.warmup, "warmup", 0, "how long each measurement warms up (0: 250ms, with -quick 150ms)")
	flags.DurationVar(&o.duration, "duration", 0, "how long each measurement takes (0: 1.1s, with -quick 400ms)")
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that the order within the rounds follows from")
	flags.StringVar(&o.out, "out", "", "write results.json and run.json into this `folder`")
	flags.StringVar(&o.docs, "docs", "", "write the results into this Markdown `file`, between its marks, and the plots beside it")
	flags.StringVar(&o.plots, "plots", "", "write the plots into this `folder`; with -docs: where the file links to (default: the file's name without .md)")
	flags.StringVar(&o.kitex, "kitex", "", "the `program` built from the folder kitex; without it, Kitex is left out")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.complete(flags.Args())
}

// complete checks the command line and fills in what depends on other parts.
func (o *options) complete(rest []string) (err error) {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; see -help", rest[0])
	case o.rounds < 1 || o.fewer < 0:
		return errors.New("there must be at least 1 round, and not less than 0 of others")
	case o.warmup < 0 || o.duration < 0:
		return errors.New("-warmup and -duration must not be negative")
	}
	if o.run, err = regexp.Compile(o.runText); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if o.frameworkCSV != "" {
		o.frameworks = strings.Split(o.frameworkCSV, ",")
	}
	if o.warmup == 0 {
		o.warmup = 250 * time.Millisecond
		if o.quick {
			o.warmup = 150 * time.Millisecond
		}
	}
	if o.duration == 0 {
		o.duration = 1100 * time.Millisecond
		if o.quick {
			o.duration = 400 * time.Millisecond
		}
	}
	if o.docs != "" && o.plots == "" {
		o.plots = strings.TrimSuffix(o.docs, filepath.Ext(o.docs))
	}
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return reached
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return misused
	}
	contenders, err := o.contenders(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return misused
	}
	chosen := choose(scenarios(o.warmup, o.duration), o.run)
	p := plan{rounds: o.rounds, fewer: o.fewer, seed: o.seed, quick: o.quick}
	steps := p.steps(chosen, contenders)
	if len(steps) == 0 {
		fmt.Fprintln(stderr, "bench: -run and -frameworks leave nothing to measure; see -list")
		return misused
	}
	if o.list {
		list(stdout, chosen, contenders, steps)
		return reached
	}
	b := newBench(&o, chosen, contenders, stderr)
	if err := b.measure(ctx, steps); err != nil {
		fmt.Fprintln(stderr, "bench: no figures:", err)
		if ctx.Err() != nil {
			return bySignal
		}
		return failed
	}
	met, err := b.publish(stdout)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return failed
	}
	if !met {
		return failed
	}
	return reached
}

// contenders asks this program and that of Kitex what they hold, and keeps what
// was chosen.
func (o *options) contenders(ctx context.Context) ([]contender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	programs := []string{self}
	if o.kitex != "" {
		kitex, err := filepath.Abs(o.kitex)
		if err != nil {
			return nil, err
		}
		programs = append(programs, kitex)
	}
	var all []contender
	for _, program := range programs {
		infos, err := measure.List(ctx, program)
		if err != nil {
			return nil, err
		}
		for _, info := range infos {
			all = append(all, contender{info, program})
		}
	}
	// The limits come last.
	slices.SortStableFunc(all, func(a, b contender) int {
		switch {
		case a.Limit == b.Limit:
			return 0
		case a.Limit:
			return 1
		}
		return -1
	})
	if len(o.frameworks) == 0 {
		return all, nil
	}
	for _, name := range o.frameworks {
		if !slices.ContainsFunc(all, func(c contender) bool { return c.Name == name }) {
			return nil, fmt.Errorf("-frameworks: there is no %q; see -list, and -kitex for that framework", name)
		}
	}
	return slices.DeleteFunc(all, func(c contender) bool { return !slices.Contains(o.frameworks, c.Name) }), nil
}

func list(w io.Writer, chosen []scenario, contenders []contender, steps []step) {
	fmt.Fprintln(w, "Scenarios:")
	for _, s := range chosen {
		fmt.Fprintf(w, "  %-22s %s, %s\n", s.Name, s.Section, s.Title)
	}
	fmt.Fprintln(w, "Frameworks:")
	for _, c := range contenders {
		fmt.Fprintf(w, "  %-22s %s\n", c.Name, c.About)
	}
	n := 0
	for _, s := range steps {
		n += len(s.contenders)
	}
	fmt.Fprintf(w, "%d measurements, about %s\n", n, estimate(steps).Round(time.Second))
}
