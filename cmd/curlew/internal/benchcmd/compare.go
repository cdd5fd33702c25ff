// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/compare"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// regressed is the exit status of --fail-on-regression.
const regressed = 3

// newCompare returns curlew bench compare.
func newCompare(env *cli.Env) *cobra.Command {
	var o compare.Options
	var threshold float64
	var fail bool
	c := &cobra.Command{
		Use:   "compare BASE OTHER [MORE]…",
		Short: "Tell which differences between results are real",
		Long: `Compare compares results that curlew bench has written by --out: each but the
first with the first. Several runs of one side are written with commas between
them; then what differs from run to run is accounted for. Five short runs of each
side, made in turn, tell more than one long one.

For each metric it gives the change and an interval for it (bootstrap), and says:
better or worse, if the change is sure and at least the threshold (for errors: a
tenth of it, in points); no difference, if it is smaller than that; unclear, if it
is as large but may be noise.`,
		Example: `  curlew bench compare old.json new.json
  curlew bench compare old1.json,old2.json,old3.json new1.json,new2.json,new3.json
  curlew bench compare old.json new.json --fail-on-regression --threshold 10`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if threshold < 0 || o.Confidence <= 0 || o.Confidence >= 1 {
				return cli.Usage(c, "--threshold %g, --confidence %g: a threshold is 0 or more, a confidence between 0 and 1", threshold, o.Confidence)
			}
			o.Threshold = threshold / 100
			worse, err := compareFiles(env, args, o)
			if err == nil && worse && fail {
				err = cli.Status(regressed, errors.New("there are regressions"))
			}
			return err
		},
	}
	c.Flags().Float64Var(&threshold, "threshold", 5, "`PERCENT` that a change must have to matter")
	c.Flags().Float64Var(&o.Confidence, "confidence", 0.99, "`SHARE` of confidence in each interval")
	c.Flags().BoolVar(&fail, "fail-on-regression", false, "exit with status 3 if anything is worse")
	return c
}

// side is the runs of one argument.
type side struct {
	name string
	runs []*result.Result
}

func readSide(argument string) (side, error) {
	s := side{name: argument}
	for path := range strings.SplitSeq(argument, ",") {
		r, err := result.Read(path)
		if err != nil {
			return s, err
		}
		if len(r.Intervals) == 0 {
			return s, fmt.Errorf("%s: nothing was measured in this run; make a longer one", path)
		}
		s.runs = append(s.runs, r)
	}
	return s, nil
}

// comparison is one document of --json.
type comparison struct {
	Base     string            `json:"base"`
	Other    string            `json:"other"`
	Notes    []string          `json:"notes,omitempty"`
	Findings []compare.Finding `json:"findings"`
}

// compareFiles prints the comparisons and reports whether anything is worse.
func compareFiles(env *cli.Env, args []string, o compare.Options) (worse bool, _ error) {
	sides := make([]side, len(args))
	for i, argument := range args {
		var err error
		if sides[i], err = readSide(argument); err != nil {
			return false, err
		}
	}
	var all []comparison
	for _, other := range sides[1:] {
		one := comparison{Base: sides[0].name, Other: other.name, Notes: notes(sides[0], other), Findings: compare.Results(sides[0].runs, other.runs, o)}
		for _, f := range one.Findings {
			worse = worse || f.Verdict == compare.Worse
		}
		all = append(all, one)
	}
	if env.JSON {
		return worse, json.NewEncoder(env.Out).Encode(all)
	}
	var text strings.Builder
	for i, one := range all {
		if i > 0 {
			text.WriteByte('\n')
		}
		one.print(&text, o, env.Color)
	}
	_, err := io.WriteString(env.Out, text.String())
	return worse, err
}

// notes tell what else differs, and what cannot be known.
func notes(base, other side) []string {
	var notes []string
	a, b := base.runs[0], other.runs[0]
	differ := func(what, x, y string) {
		if x != y {
			notes = append(notes, fmt.Sprintf("they differ in %s: %s and %s", what, x, y))
		}
	}
	differ("what was called", a.Title(), b.Title())
	differ("protocol", a.Protocol, b.Protocol)
	differ("conditions", a.Conditions(), b.Conditions())
	if len(base.runs) < 3 || len(other.runs) < 3 {
		notes = append(notes, "with fewer than three runs of a side, what differs from run to run is not in the intervals")
	}
	return notes
}

func (c *comparison) print(w io.Writer, o compare.Options, color bool) {
	fmt.Fprintf(w, "%s → %s\n", c.Base, c.Other)
	fmt.Fprintf(w, "%-8s %11s %11s %9s  %-20s %s\n", "", "base", "other", "change", fmt.Sprintf("%g %% interval", o.Confidence*100), "verdict")
	for _, f := range c.Findings {
		fmt.Fprintf(w, "%-8s %11s %11s %9s  %-20s %s\n", f.Metric, figure(f.Metric, f.Base), figure(f.Metric, f.Other),
			percent(f.Metric, f.Change), percent(f.Metric, f.Low)+" … "+percent(f.Metric, f.High), paint(f.Verdict, color))
	}
	for _, note := range c.Notes {
		fmt.Fprintf(w, "Note: %s.\n", note)
	}
}

func paint(v compare.Verdict, color bool) string {
	if !color {
		return string(v)
	}
	switch v {
	case compare.Better:
		return "\x1b[32m" + string(v) + "\x1b[0m"
	case compare.Worse:
		return "\x1b[31m" + string(v) + "\x1b[0m"
	case compare.Unclear:
		return "\x1b[33m" + string(v) + "\x1b[0m"
	default:
		return string(v)
	}
}

func figure(metric string, v float64) string {
	switch metric {
	case compare.Rate:
		return result.Thousands(int64(math.Round(v)))
	case compare.Errors:
		return fmt.Sprintf("%.2f %%", v*100)
	default:
		return fmt.Sprintf("%.3f ms", v)
	}
}

func percent(metric string, v float64) string {
	switch {
	case metric == compare.Errors:
		return fmt.Sprintf("%+.2f pt", v*100)
	case v == math.MaxFloat64:
		return "+∞"
	default:
		return fmt.Sprintf("%+.1f %%", v*100)
	}
}
