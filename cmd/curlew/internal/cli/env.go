// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/curlewrpc/curlew"
)

// Env is where a command runs. The flags that all commands have are set before a
// command's RunE.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal tell which of them are terminals.
	// Progress is shown on Err, if that is one and Quiet is not set.
	InTerminal, OutTerminal, ErrTerminal bool

	Color    bool // on Out; off without a terminal, with NO_COLOR, and with --no-color
	ErrColor bool // on Err, likewise
	Quiet    bool // --quiet: results and errors only
	JSON     bool // --json: results as JSON, one document
}

// System returns the process's own environment.
func System() *Env {
	e := &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	colors := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	e.Color, e.ErrColor = e.OutTerminal && colors, e.ErrTerminal && colors
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
	root.PersistentPreRun = func(*cobra.Command, []string) {
		e.Color, e.ErrColor = e.Color && !*noColor, e.ErrColor && !*noColor
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return Usage(c, "%v", err) })
	root.AddCommand(commands...)
	return root
}

// Run runs a command and returns the exit status. An error is printed on Err; if
// there is no result on Out and --json is set, it is a document there, too.
func (e *Env) Run(ctx context.Context, root *cobra.Command, args []string) int {
	out := &watched{Writer: e.Out}
	e.Out = out
	root.SetArgs(args)
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := 1
	var s *status
	if errors.As(err, &s) {
		code = s.code
	}
	text := err.Error()
	if text == "" {
		return code
	}
	name := root.Name() + ":"
	if e.ErrColor {
		name = "\x1b[1;31m" + name + "\x1b[0m"
	}
	fmt.Fprintf(e.Err, "%s %s\n", name, text)
	if e.JSON && !out.used {
		_ = json.NewEncoder(out).Encode(refusalOf(err, code)) // nobody is left to be told
	}
	return code
}

// watched notes whether something was written.
type watched struct {
	io.Writer
	used bool
}

func (w *watched) Write(b []byte) (int, error) {
	w.used = true
	return w.Writer.Write(b)
}

// refusal is the document of a command that has no result.
type refusal struct {
	Error struct {
		Message    string `json:"message"`
		Code       string `json:"code,omitempty"` // of the status, if the error has one
		ExitStatus int    `json:"exit_status"`
	} `json:"error"`
}

func refusalOf(err error, status int) *refusal {
	r := new(refusal)
	r.Error.Message, r.Error.ExitStatus = err.Error(), status
	var e *curlew.Error
	if errors.As(err, &e) {
		r.Error.Code = e.Code().String()
	}
	return r
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
