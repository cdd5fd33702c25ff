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
	"syscall"
	"time"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/scenario"
)

func main() {
	if is, status := fleet.Main(os.Args[1:]); is {
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the command line.
type options struct {
	scenario.Options
	run  *regexp.Regexp
	list bool
	json string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(stderr)
	text := flags.String("run", "", "run only scenarios whose name fits this `regexp`")
	flags.BoolVar(&o.list, "list", false, "list the scenarios, and exit")
	flags.BoolVar(&o.Quick, "quick", false, "shorter, with fewer calls")
	flags.Uint64Var(&o.Seed, "seed", 1, "`number` that arrivals and choices follow from")
	flags.StringVar(&o.json, "json", "", "write the figures to this `file`, too")
	flags.StringVar(&o.Root, "root", filepath.Join("..", ".."), "the repository's `folder`, for its benchmarks")
	flags.StringVar(&o.Curlew, "curlew", "", "the built `program` cmd/curlew, for scenarios that use it")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if o.run, err = regexp.Compile(*text); err != nil {
		return o, fmt.Errorf("-run: %w", err)
	}
	o.Program, err = os.Executable()
	return o, err
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "chaos:", err)
		return 2
	}
	o.Out = stdout
	var chosen []scenario.Scenario
	for _, s := range scenario.All() {
		if o.run.MatchString(s.Name) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		fmt.Fprintln(stderr, "chaos: -run leaves nothing to run; see -list")
		return 2
	}
	if o.list {
		for _, s := range chosen {
			fmt.Fprintf(stdout, "   %-14s %s\n", s.Name, s.Title)
		}
		return 0
	}
	total, figures := runAll(ctx, o, chosen)
	if o.json != "" {
		if err := write(o.json, figures); err != nil {
			fmt.Fprintln(stderr, "chaos:", err)
			return 1
		}
	}
	return total.print(stdout)
}

func runAll(ctx context.Context, o options, chosen []scenario.Scenario) (total summary, figures []figure.Figure) {
	for _, s := range chosen {
		if ctx.Err() != nil {
			total.failed = append(total.failed, s.Name)
			break
		}
		fmt.Fprintf(o.Out, "== %s: %s\n", s.Name, s.Title)
		begin := time.Now()
		r := scenario.Run(ctx, s, o.Options)
		fmt.Fprintf(o.Out, "   (%v)\n", time.Since(begin).Round(time.Second))
		total.add(s.Name, r)
		figures = append(figures, r.Figures...)
	}
	return total, figures
}

// summary is what came of all scenarios.
type summary struct {
	met                    int
	missed, failed, notRun []string
}

func (t *summary) add(name string, r scenario.Result) {
	switch {
	case r.Failed:
		t.failed = append(t.failed, name)
	case r.Skipped != "":
		t.notRun = append(t.notRun, fmt.Sprintf("%s: %s", name, r.Skipped))
	}
	for _, f := range r.Figures {
		switch f.Verdict {
		case figure.Met:
			t.met++
		case figure.Missed:
			t.missed = append(t.missed, f.String())
		}
	}
}

// print writes the summary, and returns the exit status.
func (t *summary) print(w io.Writer) int {
	fmt.Fprintf(w, "== %d figures met, %d missed; %d scenarios failed, %d not run\n", t.met, len(t.missed), len(t.failed), len(t.notRun))
	for _, f := range t.missed {
		fmt.Fprintln(w, f)
	}
	for _, name := range t.failed {
		fmt.Fprintln(w, "   failed:", name)
	}
	for _, what := range t.notRun {
		fmt.Fprintln(w, "   not run:", what)
	}
	if len(t.missed)+len(t.failed) > 0 {
		return 1
	}
	return 0
}

func write(path string, figures []figure.Figure) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return figure.Write(f, figures)
}
