// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"github.com/curlewrpc/curlew/bench/rival"
)

// The children of Run speak JSON, a value a line: the server tells its address,
// then its usage whenever it is asked; the client tells that it is warm, with an
// outcome that has no result yet, waits to be told to go, and tells its result.
// Both end with their input.

// Info is what a program tells of a framework that it holds.
type Info struct {
	Name                string `json:"name"`
	About               string `json:"about"`
	Limit               bool   `json:"limit"`
	ConnectionPerCaller bool   `json:"connection_per_caller"`
	Streams             bool   `json:"streams"`
	ForFloors           bool   `json:"for_floors"`
}

// hello is a server's first line.
type hello struct {
	Address string `json:"address"`
}

// job is what a client is told first.
type job struct {
	Address  string   `json:"address"`
	Scenario Scenario `json:"scenario"`
}

// outcome is what a client tells.
type outcome struct {
	Result Result `json:"result"`
	Error  string `json:"error,omitempty"`
	Wrong  bool   `json:"wrong,omitempty"` // the error is ErrWrong
}

func newOutcome(r Result, err error) outcome {
	if err == nil {
		return outcome{Result: r}
	}
	return outcome{Error: err.Error(), Wrong: errors.Is(err, ErrWrong)}
}

func (o *outcome) err() error {
	switch {
	case o.Wrong:
		return fmt.Errorf("%w: %s", ErrWrong, o.Error)
	case o.Error != "":
		return errors.New(o.Error)
	}
	return nil
}

// Main runs one of the children if args, without the program's name, ask for
// it: "serve NAME", "load NAME" or "list". If so it reports true and what to
// exit with.
func Main(args []string, frameworks []rival.Framework) (handled bool, exit int) {
	if len(args) == 1 && args[0] == "list" {
		return true, exitCode(list(os.Stdout, frameworks))
	}
	if len(args) != 2 || args[0] != "serve" && args[0] != "load" {
		return false, 0
	}
	i := slices.IndexFunc(frameworks, func(f rival.Framework) bool { return f.Name == args[1] })
	switch {
	case i < 0:
		return true, exitCode(fmt.Errorf("no framework %q in this program", args[1]))
	case args[0] == "serve":
		return true, exitCode(serve(&frameworks[i], os.Stdin, os.Stdout))
	}
	return true, exitCode(drive(&frameworks[i], os.Stdin, os.Stdout))
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func list(w io.Writer, frameworks []rival.Framework) error {
	infos := make([]Info, len(frameworks))
	for i, f := range frameworks {
		infos[i] = Info{f.Name, f.About, f.Limit, f.ConnectionPerCaller, f.Streams, f.ForFloors}
	}
	return json.NewEncoder(w).Encode(infos)
}

// serve is the server's process.
func serve(f *rival.Framework, in io.Reader, out io.Writer) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- f.Serve(ln) }()
	asked := make(chan string)
	go func() {
		defer close(asked)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			asked <- lines.Text()
		}
	}()
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(hello{ln.Addr().String()}); err != nil {
		return err
	}
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("%s: the server ended: %w", f.Name, err)
		case what, ok := <-asked:
			if !ok {
				return nil
			}
			if what == "settled" {
				settle()
			}
			if err := encoder.Encode(usage()); err != nil {
				return err
			}
		}
	}
}

// drive is the client's process.
func drive(f *rival.Framework, in io.Reader, out io.Writer) error {
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	var j job
	if err := decoder.Decode(&j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	ctx := context.Background()
	client, err := f.Dial(ctx, j.Address, j.Scenario.Conns)
	if err != nil {
		return fmt.Errorf("%s: dial: %w", f.Name, err)
	}
	l := newLoad(client, j.Scenario)
	if err := l.warm(ctx); err != nil {
		return encoder.Encode(newOutcome(Result{}, fmt.Errorf("while warming up: %w", err)))
	}
	if err := encoder.Encode(newOutcome(Result{}, nil)); err != nil {
		return err
	}
	var word string
	if err := decoder.Decode(&word); err != nil {
		return err
	}
	before := usage()
	begun := time.Now()
	result, err := l.measure(ctx)
	result.Seconds = time.Since(begun).Seconds()
	result.Client = usage().since(before)
	if err := encoder.Encode(newOutcome(result, err)); err != nil {
		return err
	}
	// The connections stay until the server has been asked.
	if err := decoder.Decode(&word); !errors.Is(err, io.EOF) {
		return err
	}
	return client.Close()
}
