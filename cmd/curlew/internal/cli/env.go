// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is where a command runs. The flags that all commands have are set before a
// command's RunE.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal tell which of them are terminals.
	// Progress is shown on Err, if that is one and Quiet is not set.
	InTerminal, OutTerminal, ErrTerminal bool

	Color bool // on Out; off without a terminal, with NO_COLOR, and with --no-color
	Quiet bool // --quiet: results and errors only
	JSON  bool // --json: results as JSON, one document
}

// System returns the process's own environment.
func System() *Env {
	e := &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	e.Color = e.OutTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return e
}

// Root returns the command that has the others below it.
func (e *Env) Root(name, short string, commands ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use: name, Short: short,
		SilenceUsage: true, SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.BoolVarP(&e.Quiet, "quiet", "q", false, "print results and errors only")
	flags.BoolVar(&e.JSON, "json", false, "print results as JSON")
	noColor := flags.Bool("no-color", false, "no colours, as with NO_COLOR in the environment")
	root.PersistentPreRun = func(*cobra.Command, []string) { e.Color = e.Color && !*noColor }
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return Usage(c, "%v", err) })
	root.AddCommand(commands...)
	return root
}

// Run runs a command and returns the exit status.
func (e *Env) Run(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(e.Err, "%s: %s\n", root.Name(), text)
	}
	var s *status
	if errors.As(err, &s) {
		return s.code
	}
	return 1
}

// status is an error with an exit status.
type status struct {
	code int
	err  error
}

func (s *status) Error() string {
	if s.err == nil {
		return ""
	}
	return s.err.Error()
}

func (s *status) Unwrap() error { return s.err }

// Status gives err an exit status. With a nil err the command has said all that
// there is to say.
func Status(code int, err error) error { return &status{code, err} }

// UsageStatus is the exit status of a command line that makes no sense.
const UsageStatus = 2

// Usage is the error for a wrong command line; it names the help.
func Usage(c *cobra.Command, format string, args ...any) error {
	return Status(UsageStatus, fmt.Errorf(format+"\nSee '%s --help'.", append(args, c.CommandPath())...))
}
