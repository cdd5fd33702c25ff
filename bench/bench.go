// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/report"
)

// bench is one run of the program.
type bench struct {
	o      *options
	report *report.Report
	stderr io.Writer
	begun  time.Time
	left   time.Duration // by estimate, of the steps to come
	spent  time.Duration // by estimate, of the steps done
}

func newBench(o *options, chosen []scenario, contenders []contender, stderr io.Writer) *bench {
	infos := make([]measure.Info, len(contenders))
	for i, c := range contenders {
		infos[i] = c.Info
	}
	inReport := make([]report.Scenario, len(chosen))
	for i, s := range chosen {
		inReport[i] = s.Scenario
	}
	b := &bench{o: o, report: report.New(infos, inReport), stderr: stderr, begun: time.Now()}
	b.report.HarnessAllocs = harnessAllocs()
	e := &b.report.Environment
	describeMachine(e)
	e.Time = b.begun
	e.Quick, e.Rounds, e.Fewer, e.Seed = o.quick, o.rounds, o.fewer, o.seed
	e.Warmup, e.Duration = o.warmup, o.duration
	e.Modules = make(map[string]string)
	for _, c := range contenders {
		describeProgram(e, c.program)
	}
	return b
}

// tooBusy is which part of the machine's CPU time others may use before there
// is a warning.
const tooBusy = 0.08

// measure takes all steps. An error means that there are to be no figures.
func (b *bench) measure(ctx context.Context, steps []step) error {
	b.left = estimate(steps)
	e := &b.report.Environment
	fmt.Fprintf(b.stderr, "%s, %d cores, %s, %s\n%d rounds, about %s\n", e.CPU, e.Cores, e.OS, e.Go, b.o.rounds, b.left.Round(time.Second))
	if busy := busyNow(ctx, time.Second); busy > tooBusy {
		b.warn("before the first round, other processes used %.0f %% of the machine's CPU time", 100*busy)
	}
	first := readCPU()
	for i, s := range steps {
		if i == 0 || steps[i-1].round != s.round {
			fmt.Fprintf(b.stderr, "round %d of %d\n", s.round+1, b.o.rounds)
		}
		fmt.Fprintf(b.stderr, "  %-22s %2d frameworks   %s left\n", s.scenario.Name, len(s.contenders), b.timeLeft())
		before := readCPU()
		for _, c := range s.contenders {
			if err := b.one(ctx, s, c); err != nil {
				return err
			}
			d := timeOf(s.scenario)
			b.spent, b.left = b.spent+d, b.left-d
		}
		if busy, _ := readCPU().others(before); busy > tooBusy {
			b.warn("during round %d of %s, other processes used %.0f %% of the machine's CPU time", s.round+1, s.scenario.Name, 100*busy)
		}
	}
	e.Busy, e.Stolen = readCPU().others(first)
	e.Took = time.Since(b.begun)
	if e.Stolen > 0.02 {
		b.warn("the host gave %.0f %% of the machine's CPU time to others", 100*e.Stolen)
	}
	return nil
}

// one measures a framework in a scenario, unless that failed before.
func (b *bench) one(ctx context.Context, s step, c contender) error {
	if b.report.Failed(c.Name, s.scenario.Name) {
		return nil
	}
	todo := s.scenario.Scenario.Scenario
	if c.ConnectionPerCaller {
		todo.Conns = todo.Callers
	}
	if s.scenario.ofPeak > 0 {
		todo.Rate = s.scenario.ofPeak * b.report.Peak(c.Name, peak)
		if todo.Rate <= 0 {
			b.report.Fail(c.Name, s.scenario.Name, errors.New("its peak is not known"))
			return nil
		}
	}
	result, err := measure.Run(ctx, c.program, c.Name, todo)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, measure.ErrWrong):
		return err
	case err != nil:
		fmt.Fprintf(b.stderr, "    %s failed: %v\n", c.Name, err)
		b.report.Fail(c.Name, s.scenario.Name, err)
	default:
		b.report.Add(c.Name, s.scenario.Name, s.round, result)
		if b.o.verbose && todo.Kind != measure.Idle {
			fmt.Fprintf(b.stderr, "    %-16s %10.0f/s   p50 %8.1f µs   p99 %8.1f µs\n", c.Name, result.CallsPerSecond(), result.P50, result.P99)
		}
	}
	return nil
}

// timeLeft corrects the estimate by how the steps done kept to it.
func (b *bench) timeLeft() time.Duration {
	left := b.left
	if b.spent > 10*time.Second {
		left = time.Duration(float64(left) * float64(time.Since(b.begun)) / float64(b.spent))
	}
	return left.Round(time.Second)
}

// mostWarnings are kept; all are printed.
const mostWarnings = 12

func (b *bench) warn(format string, args ...any) {
	warning := fmt.Sprintf(format, args...)
	fmt.Fprintln(b.stderr, "WARNING:", warning)
	e := &b.report.Environment
	switch n := len(e.Warnings); {
	case n < mostWarnings:
		e.Warnings = append(e.Warnings, warning)
	case n == mostWarnings:
		e.Warnings = append(e.Warnings, "there were more such warnings")
	}
}

// publish prints the report, writes its files, and says whether no floor is
// missed and nothing failed.
func (b *bench) publish(stdout io.Writer) (met bool, err error) {
	if _, err := fmt.Fprintf(stdout, "%s\n%s", b.report.Markdown(""), columns); err != nil {
		return false, err
	}
	if b.o.out != "" {
		if err := b.writeJSON(); err != nil {
			return false, err
		}
	}
	if b.o.plots != "" {
		if err := b.writePlots(); err != nil {
			return false, err
		}
	}
	if b.o.docs != "" {
		if err := b.writeDocs(); err != nil {
			return false, err
		}
	}
	return b.summary(stdout), nil
}

// columns explains the tables where the documentation is not at hand.
const columns = `
±: how far the 95 % confidence interval of the median reaches. Of two figures
in a cell, the first is the client's and the second the server's. r+w: read and
write system calls of both.
`

// summary says what came out, most of all what is missed.
func (b *bench) summary(w io.Writer) (met bool) {
	count := make(map[report.Verdict]int)
	floors := b.report.Floors()
	for _, f := range floors {
		count[f.Verdict]++
	}
	fmt.Fprintf(w, "\nFloors: %d met, %d missed, %d inconclusive, %d not measured\n",
		count[report.Met], count[report.Missed], count[report.Inconclusive], count[report.NotMeasured])
	for _, f := range floors {
		if f.Verdict == report.Missed || f.Verdict == report.Inconclusive {
			fmt.Fprintf(w, "  %-12s  %s\n", f.Verdict, f)
		}
	}
	failures := b.report.Failures()
	for _, f := range failures {
		fmt.Fprintf(w, "  failed        %s, %s: %s\n", f.Framework, f.Scenario, f.Error)
	}
	if len(b.report.Environment.Warnings) > 0 {
		fmt.Fprint(w, "The machine was not idle; do not trust these figures. See the warnings above.\n")
	}
	return count[report.Missed] == 0 && len(failures) == 0
}

func (b *bench) writeJSON() error {
	results, err := b.report.ResultsJSON()
	if err != nil {
		return err
	}
	runs, err := b.report.RunJSON()
	if err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(b.o.out, "results.json"), results), write(filepath.Join(b.o.out, "run.json"), runs))
}

func (b *bench) writePlots() error {
	for _, section := range b.report.Sections() {
		for _, p := range section.Plots {
			if err := write(filepath.Join(b.o.plots, p.Name), p.SVG); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) writeDocs() error {
	document, err := os.ReadFile(b.o.docs)
	if err != nil {
		return err
	}
	plots, err := filepath.Rel(filepath.Dir(b.o.docs), b.o.plots)
	if err != nil {
		return err
	}
	text, err := report.Replace(string(document), b.report.Markdown(filepath.ToSlash(plots)))
	if err != nil {
		return fmt.Errorf("%s: %w", b.o.docs, err)
	}
	return write(b.o.docs, []byte(text))
}

// write writes a file and makes its folder.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
