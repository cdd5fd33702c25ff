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
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A suite is one row of the result.
type suite struct {
	name string
	run  func(context.Context, *bench) (result, error)
}

// suites are all there are, in the order in which they run.
func suites() []suite {
	return []suite{
		{"connect-server", connectServer},
		{"connect-client", connectClient},
		{"grpc", grpcInterop},
		{"h2spec", h2spec},
	}
}

// result is what a suite says of itself.
type result struct {
	total, passed int
	failed        []string // names of cases
	remarks       []string
}

func (r result) ok() bool { return r.total > 0 && r.passed == r.total && len(r.failed) == 0 }

// bench is where suites run.
type bench struct {
	out      string   // absolute: programs and logs
	patterns []string // of the Connect suite's cases; none is all
	stdout   io.Writer
}

func (b *bench) program(name string) string { return filepath.Join(b.out, name) }

func (b *bench) printf(format string, args ...any) { fmt.Fprintf(b.stdout, format+"\n", args...) }

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", filepath.Join("..", "..", ".build", "conformance"), "where to put programs and logs")
	only := flags.String("only", "", "the suites to run, divided by commas; by default all: "+strings.Join(names(), ","))
	patterns := flags.String("run", "", "patterns of the Connect suite's cases, divided by commas")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(*only)
	if err != nil {
		fmt.Fprintln(stderr, "conformance:", err)
		return 2
	}
	b := &bench{stdout: stdout}
	if b.out, err = filepath.Abs(*out); err != nil {
		fmt.Fprintln(stderr, "conformance:", err)
		return 1
	}
	if *patterns != "" {
		b.patterns = strings.Split(*patterns, ",")
	}
	if err := build(ctx, b); err != nil {
		fmt.Fprintln(stderr, "conformance:", err)
		return 1
	}
	return runAll(ctx, b, chosen)
}

func names() []string {
	var all []string
	for _, s := range suites() {
		all = append(all, s.name)
	}
	return all
}

// choose returns the suites of a list of names, all for an empty one.
func choose(only string) ([]suite, error) {
	if only == "" {
		return suites(), nil
	}
	wanted := strings.Split(only, ",")
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return nil, fmt.Errorf("there is no suite %q; there are %s", name, strings.Join(names(), ", "))
		}
	}
	return slices.DeleteFunc(suites(), func(s suite) bool { return !slices.Contains(wanted, s.name) }), nil
}

// shown is how many failed cases of a suite are named; its log has all.
const shown = 40

// runAll runs suites and prints what came of each.
func runAll(ctx context.Context, b *bench, chosen []suite) (status int) {
	var table strings.Builder
	for _, s := range chosen {
		b.printf("== %s", s.name)
		begin := time.Now()
		r, err := s.run(ctx, b)
		took := time.Since(begin).Round(time.Second)
		for i, name := range r.failed {
			if i == shown {
				b.printf("   … and %d more", len(r.failed)-shown)
				break
			}
			b.printf("   FAILED %s", name)
		}
		for _, remark := range r.remarks {
			b.printf("   %s", remark)
		}
		verdict := "ok"
		if err != nil {
			b.printf("   %v", err)
		}
		if err != nil || !r.ok() {
			verdict, status = "FAILED", 1
		}
		fmt.Fprintf(&table, "   %-16s %6d cases %6d passed %6d failed  %5v  %s\n", s.name, r.total, r.passed, r.total-r.passed, took, verdict)
		if errors.Is(ctx.Err(), context.Canceled) {
			break
		}
	}
	b.printf("== conformance; logs stand in %s\n%s", b.out, strings.TrimSuffix(table.String(), "\n"))
	return status
}
