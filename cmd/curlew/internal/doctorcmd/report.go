// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// verdict says how a step went.
type verdict string

const (
	ok   verdict = "ok"
	warn verdict = "warn" // calls work, but not as well or not for everybody
	fail verdict = "fail" // calls do not work
)

// step is one thing that was looked at.
type step struct {
	Name    string  `json:"step"`
	Verdict verdict `json:"verdict"`
	Found   string  `json:"found"`
	Advice  string  `json:"advice,omitempty"`
}

// report is what the doctor says in the end.
type report struct {
	Address  string `json:"address"`
	Method   string `json:"method,omitempty"`
	Works    bool   `json:"works"`
	Protocol string `json:"protocol,omitempty"` // by which calls were made
	Steps    []step `json:"steps"`
}

// add appends a step.
func (r *report) add(name string, v verdict, advice, found string, args ...any) {
	r.Steps = append(r.Steps, step{name, v, fmt.Sprintf(found, args...), advice})
}

// failed returns the first step that failed, nil if none did.
func (r *report) failed() *step {
	for i := range r.Steps {
		if r.Steps[i].Verdict == fail {
			return &r.Steps[i]
		}
	}
	return nil
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// text prints the report as a list. quiet leaves out what is in order.
func (r *report) text(w io.Writer, color, quiet bool) error {
	var b strings.Builder
	for _, s := range r.Steps {
		if quiet && s.Verdict == ok {
			continue
		}
		fmt.Fprintf(&b, "%s  %-10s  %s\n", paint(s.Verdict, color), s.Name, s.Found)
		if s.Advice != "" {
			fmt.Fprintf(&b, "%18s%s\n", "", s.Advice)
		}
	}
	switch bad := r.failed(); {
	case bad != nil:
		fmt.Fprintf(&b, "Calls %s do not work; the first thing to mend is %q.\n", r.what(), bad.Name)
	case quiet:
	case r.Method != "" && r.Steps[len(r.Steps)-1].Verdict != ok: // the method's
		fmt.Fprintf(&b, "Calls to %s work, by %s; of %s nothing is known.\n", r.Address, r.Protocol, r.Method)
	default:
		fmt.Fprintf(&b, "Calls %s work, by %s.\n", r.what(), r.Protocol)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *report) what() string {
	if r.Method == "" {
		return "to " + r.Address
	}
	return "of " + r.Method + " at " + r.Address
}

// paint returns a verdict, as wide as all others.
func paint(v verdict, color bool) string {
	text := fmt.Sprintf("%-4s", v)
	if !color {
		return text
	}
	codes := map[verdict]string{ok: "32", warn: "33", fail: "31"}
	return "\x1b[" + codes[v] + "m" + text + "\x1b[0m"
}
