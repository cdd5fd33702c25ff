// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/report"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/completion"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// command is curlew bench with its flags.
type command struct {
	env  *cli.Env
	to   target.Flags
	from source.Flags

	callers, connections int
	duration, warmup     time.Duration
	requests             int64
	rate                 float64
	ramp                 string

	mix      string
	calls    []string
	rows     string
	messages int
	check    bool

	out, html string
}

const example = `  # 50 callers for 10 seconds
  curlew bench localhost:8080 shop.v1.Cart/Add '{"sku":"a"}'

  # 2,000 calls a second whatever the server does, and a report with plots
  curlew bench localhost:8080 shop.v1.Cart/Add @request.json --rate 2000 --duration 30s --html report.html

  # more and more calls, to see where it breaks
  curlew bench localhost:8080 shop.v1.Cart/Add '{"sku":"a"}' --ramp 100:10000:30s

  # requests from a template and a file, two methods at three to one
  curlew bench localhost:8080 shop.v1.Cart/Add '{"sku":"{{.Row.sku}}","id":"{{uuid}}"}' --data skus.csv
  curlew bench localhost:8080 --call 'shop.v1.Cart/Add=3 {"sku":"a"}' --call shop.v1.Cart/List=1

  # is the new version slower?
  curlew bench localhost:8080 shop.v1.Cart/Add --out old.json
  curlew bench localhost:8081 shop.v1.Cart/Add --out new.json
  curlew bench compare old.json new.json`

const long = `Bench calls a method over and over and tells how fast and how evenly it is
answered.

By itself it is a closed loop: each of --callers calls again once it has its
answer. With --rate or --ramp it is an open loop: calls begin when they are due,
and latency counts from then, so that a server that stalls does not hide it
(coordinated omission); --callers then bounds the calls in flight.

A request is JSON, @FILE, or - for standard input. With {{ in it, it is a
template (text/template) made anew for each call: .Seq is the call's number,
.Message the message's in its call, .Row the row of --data whose turn it is; uuid,
now, randInt MIN MAX, randString LENGTH, pick A B … and json VALUE are functions.
With --data and no request, each row is one.

Latencies are those of calls that were answered or ran into --timeout; other
failures are counted and told by status. Ctrl-C ends the run and prints what there
is. The exit status is 1 if no call was answered.`

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	b := &command{env: env}
	c := &cobra.Command{
		Use:     "bench ADDRESS [METHOD [REQUEST]]",
		Short:   "Call a method many times and measure it",
		Long:    long,
		Example: example,
		Args:    cobra.RangeArgs(1, 3),
		RunE:    b.run,

		ValidArgsFunction: completion.Methods(&b.to, &b.from),
	}
	fs := c.Flags()
	fs.IntVarP(&b.callers, "callers", "c", 0, "`NUMBER` of callers, each with a call at a time (default 50, in an open loop 500)")
	fs.IntVar(&b.connections, "connections", 1, "`NUMBER` of connections that the callers share")
	fs.DurationVarP(&b.duration, "duration", "d", 0, "`DURATION` of the run (default 10s, if nothing else ends it)")
	fs.Int64VarP(&b.requests, "requests", "n", 0, "`NUMBER` of calls after which the run ends")
	fs.DurationVar(&b.warmup, "warmup", 0, "`DURATION` of calls before the run, which are not counted")
	fs.Float64VarP(&b.rate, "rate", "r", 0, "`CALLS` that begin per second (open loop)")
	fs.StringVar(&b.ramp, "ramp", "", "`STAGES` of an open loop: FROM:TO:DURATION or RATE:DURATION, divided by commas")
	fs.StringVar(&b.mix, "mix", "", "YAML `FILE` of several methods: calls: [{method, weight, request, data, messages}]")
	fs.StringArrayVar(&b.calls, "call", nil, "`METHOD=WEIGHT`, and a request after a space; give it for each method of a mix")
	fs.StringVar(&b.rows, "data", "", "`FILE` of rows for the requests: CSV, a JSON array, or a JSON value a line")
	fs.IntVar(&b.messages, "messages", 0, "`NUMBER` of messages that a call sends, if its method takes many (default those given)")
	fs.BoolVar(&b.check, "check", false, "decode every reply and count those that cannot be as failed")
	fs.StringVarP(&b.out, "out", "o", "", "write the result to a JSON `FILE`, for compare")
	fs.StringVar(&b.html, "html", "", "write a report with plots to an HTML `FILE`")
	b.to.AddTo(fs)
	b.from.AddTo(fs)
	completion.Flags(c)
	timeout := fs.Lookup("timeout")
	b.to.Timeout, timeout.DefValue = 20*time.Second, "20s"
	timeout.Usage = "`DURATION` after which a call is given up; the server is told; 0 is none"
	c.AddCommand(newCompare(env))
	return c
}

func (b *command) run(c *cobra.Command, args []string) error {
	specs, err := b.specs(c, args)
	if err != nil {
		return err
	}
	plan, err := b.plan(c)
	if err != nil {
		return err
	}
	if err := foldersOf(b.out, b.html); err != nil {
		return err
	}
	ctx := c.Context()
	conns, err := b.dial(ctx, args[0], plan.Callers)
	if err != nil {
		return err
	}
	defer func() {
		for _, conn := range conns {
			conn.Close() // the calls are over
		}
	}()
	if plan.Methods, err = b.methods(ctx, args[0], specs, plan.Callers, conns); err != nil {
		return err
	}
	res, err := b.load(ctx, plan)
	if err != nil {
		return err
	}
	res.Address, res.Protocol = args[0], conns[0].Protocol
	res.Settings = b.settings(plan)
	return b.deliver(res)
}

// foldersOf looks for the folders of files that will be written after the run,
// which would be in vain without them.
func foldersOf(files ...string) error {
	for _, file := range files {
		if file == "" {
			continue
		}
		folder := filepath.Dir(file)
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return fmt.Errorf("%s cannot be written: there is no folder %s; make it first", file, folder)
		}
	}
	return nil
}

// load runs the plan and shows it on a terminal.
func (b *command) load(ctx context.Context, plan load.Plan) (*result.Result, error) {
	if b.env.ErrTerminal && !b.env.Quiet {
		view := &live{w: b.env.Err}
		plan.Observe = view.show
		defer view.end()
	}
	return load.Run(ctx, plan)
}

// specs are the methods to call.
func (b *command) specs(c *cobra.Command, args []string) ([]spec, error) {
	var specs []spec
	switch {
	case len(args) > 1:
		if b.mix != "" || len(b.calls) > 0 {
			return nil, cli.Usage(c, "a method and a mix are given: leave out %s, or --mix and --call", args[1])
		}
		s := spec{name: args[1], weight: 1}
		if len(args) > 2 {
			s.text = args[2]
		}
		specs = []spec{s}
	case b.mix != "":
		var err error
		if specs, err = readMix(b.mix); err != nil {
			return nil, err
		}
	case len(b.calls) == 0:
		return nil, cli.Usage(c, "no method is given: write one after the address, or give --call or --mix")
	}
	for _, text := range b.calls {
		s, err := parseCall(text)
		if err != nil {
			return nil, cli.Usage(c, "%v", err)
		}
		specs = append(specs, s)
	}
	if b.messages < 0 {
		return nil, cli.Usage(c, "--messages %d: a call cannot have so few", b.messages)
	}
	for i := range specs {
		s := &specs[i]
		if s.messages == 0 {
			s.messages = b.messages
		}
		if s.rows == "" {
			s.rows = b.rows
		}
		if err := s.resolve(b.env.In); err != nil {
			return nil, err
		}
	}
	return specs, nil
}

// plan is the load that the flags ask for.
func (b *command) plan(c *cobra.Command) (load.Plan, error) {
	p := load.Plan{Callers: b.callers, Requests: b.requests, Duration: b.duration, Warmup: b.warmup}
	switch {
	case b.callers < 0 || b.callers > 100_000:
		return p, cli.Usage(c, "--callers %d: give a number from 1 to 100000", b.callers)
	case b.connections < 1 || b.connections > 10_000:
		return p, cli.Usage(c, "--connections %d: give a number from 1 to 10000", b.connections)
	case b.duration < 0 || b.warmup < 0 || b.requests < 0 || b.rate < 0:
		return p, cli.Usage(c, "durations and numbers cannot be below zero")
	case b.rate > 0 && b.ramp != "":
		return p, cli.Usage(c, "--rate and --ramp: give one of the two; a ramp can have steps, as 500:10s,1000:10s")
	case b.ramp != "" && (b.duration > 0 || b.requests > 0):
		return p, cli.Usage(c, "a ramp has its own length: leave out --duration and --requests")
	}
	if b.duration == 0 && b.requests == 0 {
		p.Duration = 10 * time.Second
	}
	var err error
	switch {
	case b.ramp != "":
		if p.Schedule, err = load.ParseRamp(b.ramp); err != nil {
			return p, cli.Usage(c, "--ramp: %v", err)
		}
	case b.rate > 0:
		if p.Schedule, err = load.Constant(b.rate, p.Duration, p.Requests); err != nil {
			return p, cli.Usage(c, "--rate: %v", err)
		}
	}
	if p.Callers == 0 {
		p.Callers = 50
		if p.Schedule != nil {
			p.Callers = 500
		}
	}
	return p, nil
}

func (b *command) settings(p load.Plan) result.Settings {
	s := result.Settings{
		Callers: p.Callers, Connections: b.connections, Load: "closed loop",
		Duration: p.Duration.Seconds(), Requests: p.Requests, Warmup: p.Warmup.Seconds(), Timeout: b.to.Timeout.Seconds(),
	}
	if p.Schedule != nil {
		s.Load = p.Schedule.String()
		s.Duration = p.Schedule.Length().Seconds()
	}
	return s
}

// deliver writes the result where it is wanted.
func (b *command) deliver(res *result.Result) error {
	var failed []error
	if b.out != "" {
		failed = append(failed, res.Write(b.out))
	}
	if b.html != "" {
		var page bytes.Buffer
		err := report.Write(&page, res)
		if err == nil {
			err = result.WriteFile(b.html, page.Bytes())
		}
		failed = append(failed, err)
	}
	if b.env.JSON {
		failed = append(failed, json.NewEncoder(b.env.Out).Encode(res))
	} else {
		failed = append(failed, res.Print(b.env.Out))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	switch {
	case res.Calls == 0 && res.Interrupted:
		return cli.Status(1, errors.New("interrupted before any call had ended"))
	case res.Calls == res.Errors:
		return cli.Status(1, errors.New("no call was answered; see the failures above, or try 'curlew call'"))
	}
	return nil
}
