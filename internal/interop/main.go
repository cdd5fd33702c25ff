// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
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

// A group is the checks of one client.
type group struct {
	name string
	run  func(context.Context, *bench, *checks) error // the error is why there are no more checks
}

func groups() []group {
	return []group{
		{"curl", curl},
		{"grpcurl", grpcurl},
		{"buf", bufCurl},
		{"grpc-js", grpcJS},
		{"connect-node", connectNode},
		{"connect-web", connectWeb},
		{"canceled", canceled},
		{"nginx", nginx},
		{"haproxy", haproxy},
		{"beside-grpc-go", besideGRPCGo},
	}
}

// bench is where the checks run.
type bench struct {
	out     string // absolute: programs, logs
	address string // of the demo server
	demo    *program
	stdout  io.Writer
}

func (b *bench) printf(format string, args ...any) { fmt.Fprintf(b.stdout, format+"\n", args...) }

// checks counts those of a group and prints what failed.
type checks struct {
	bench          *bench
	passed, failed int
}

// check makes one check.
func (c *checks) check(name string, f func() error) { c.note(name, f()) }

// note counts a check that was made.
func (c *checks) note(name string, err error) {
	if err == nil {
		c.passed++
		return
	}
	c.failed++
	c.bench.printf("   FAILED %s: %v", name, err)
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", filepath.Join("..", "..", ".build", "interop"), "where to put programs and logs")
	only := flags.String("only", "", "the groups to run, divided by commas; by default all: "+strings.Join(names(), ","))
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(*only)
	if err != nil {
		fmt.Fprintln(stderr, "interop:", err)
		return 2
	}
	b := &bench{stdout: stdout}
	if b.out, err = filepath.Abs(*out); err == nil {
		err = b.start(ctx, chosen)
	}
	if err != nil {
		fmt.Fprintln(stderr, "interop:", err)
		return 1
	}
	status := runAll(ctx, b, chosen)
	if err := b.demo.stop(); err != nil {
		b.printf("   FAILED the demo server: %v", err)
		status = 1
	}
	return status
}

func names() []string {
	var all []string
	for _, g := range groups() {
		all = append(all, g.name)
	}
	return all
}

// choose returns the groups of a list of names, all for an empty one.
func choose(only string) ([]group, error) {
	if only == "" {
		return groups(), nil
	}
	wanted := strings.Split(only, ",")
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return nil, fmt.Errorf("there is no group %q; there are %s", name, strings.Join(names(), ", "))
		}
	}
	return slices.DeleteFunc(groups(), func(g group) bool { return !slices.Contains(wanted, g.name) }), nil
}

// runAll runs groups and prints what came of each.
func runAll(ctx context.Context, b *bench, chosen []group) (status int) {
	var table strings.Builder
	for _, g := range chosen {
		b.printf("== %s", g.name)
		begin := time.Now()
		c := &checks{bench: b}
		if err := g.run(ctx, b, c); err != nil {
			c.note(g.name, err)
		}
		verdict := "ok"
		if c.failed > 0 || c.passed == 0 {
			verdict, status = "FAILED", 1
		}
		fmt.Fprintf(&table, "   %-16s %4d checks %4d passed %4d failed  %5v  %s\n",
			g.name, c.passed+c.failed, c.passed, c.failed, time.Since(begin).Round(time.Second), verdict)
		if ctx.Err() != nil {
			status = 1
			break
		}
	}
	b.printf("== interop; logs stand in %s\n%s", b.out, strings.TrimSuffix(table.String(), "\n"))
	return status
}
