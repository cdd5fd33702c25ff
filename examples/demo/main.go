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
	"strings"
	"syscall"
	"time"
)

const usage = `Usage: demo [flags] [file ...]

Starts a server with all example services on one port, calls it through every
protocol and kind of call that there is, checks each answer, and then keeps
serving until Ctrl-C. One of the services counts words: of the files that are
given, else of this repository's own texts.

Flags:
  -addr host:port  where to serve; by default 127.0.0.1:8080, or any free port
                   of 127.0.0.1 if that one is taken
  -once            leave after the tour; the exit status is 0 only if every
                   answer was right
  -curlew program  also try the command curlew, which is this program

Examples:
  go run ./demo                       in the folder examples; or: make demo
  go run ./demo -once                 or: make demo ONCE=1
  go run ./demo -addr 127.0.0.1:9000 novel.txt

Colours are used on a terminal, and not if NO_COLOR is set.
`

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

type config struct {
	addr   string
	once   bool
	curlew string
	files  []string
}

// run is the program. It returns the exit status: 0 if all was well, 1 if not,
// 2 if it was called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.addr, "addr", "", "")
	flags.BoolVar(&c.once, "once", false, "")
	flags.StringVar(&c.curlew, "curlew", "", "")
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := c.findFiles(flags.Args()); err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 2
	}
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore) // a second Ctrl-C ends the program at once
	wrong, err := demo(ctx, c, newPrinter(stdout))
	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	if wrong > 0 {
		return 1
	}
	return 0
}

// demo serves, makes the tour, and goes on serving. It returns the number of
// wrong answers.
func demo(ctx context.Context, c config, out *printer) (wrong int, err error) {
	h, err := newHost(out)
	if err != nil {
		return 0, err
	}
	defer h.remove()
	if err := h.listen(ctx, c.addr); err != nil {
		return 0, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(serving) }()

	out.printf("Serving %d services on %s, and on a Unix socket.\n\n", len(h.server.Services()), h.address)
	t := &tour{ctx: ctx, out: out, host: h, curlew: c.curlew, files: c.files}
	t.run()
	switch {
	case ctx.Err() != nil:
		err = errors.New("interrupted; not all calls were made")
	case !c.once:
		err = h.keepServing(ctx, out, served)
	}
	stop()
	if ended := <-served; err == nil && ended != nil {
		err = fmt.Errorf("the server: %w", ended)
	}
	if !c.once && err == nil {
		out.printf("Stopped. %s\n", h.calls.summary())
	}
	return len(t.wrong), err
}

// findFiles checks the given files, or looks for the repository's texts.
func (c *config) findFiles(given []string) error {
	for _, name := range given {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("%w; give text files, or none for the repository's own", err)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file; give text files, or none for the repository's own", name)
		}
	}
	if len(given) > 0 {
		c.files = given
		return nil
	}
	root, err := repository()
	if err != nil {
		return err
	}
	for _, pattern := range []string{"*.md", "docs/*.md", "LICENSE", "NOTICE"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		c.files = append(c.files, files...)
	}
	return nil
}

// repository finds the folder of the root module, from the working directory up.
func repository() (string, error) {
	dir := "."
	for range 8 {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module github.com/curlewrpc/curlew\n") {
			return dir, nil
		}
		dir = filepath.Join(dir, "..")
	}
	return "", errors.New("there are no texts to count: run the demo inside the repository, or give it files as arguments")
}

// patience bounds each call of the tour, and each connection.
const patience = 10 * time.Second
