// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// printer prints findings. They are printed at once: a reader gets all or none.
type printer struct {
	env      *cli.Env
	format   string
	level    rules.Severity
	old, new *version

	findings       []rules.Finding
	below, ignored int // how many are not among them
}

func (p *printer) print() error {
	var out bytes.Buffer
	switch p.format {
	case "json":
		if err := p.json(&out); err != nil {
			return err
		}
	case "github":
		p.github(&out)
	default:
		p.text(&out)
	}
	if _, err := p.env.Out.Write(out.Bytes()); err != nil {
		return cli.Status(statusUnread, fmt.Errorf("the findings cannot be written: %w", err))
	}
	if !p.env.Quiet && p.format != "json" {
		fmt.Fprintln(p.env.Err, p.summary())
	}
	return nil
}

func (p *printer) text(w io.Writer) {
	for _, f := range p.findings {
		at, was := where(f.New), where(f.Old)
		if at == "" {
			at, was = was, ""
		}
		fmt.Fprintf(w, "%s: %s: %s (%s)\n", at, p.severity(f.Severity), f.Reason, f.Rule)
		if was != "" {
			fmt.Fprintf(w, "\twas: %s\n", was)
		}
		fmt.Fprintf(w, "\tdo:  %s\n", f.Fix)
	}
}

// severity returns its name, in colour if there is one.
func (p *printer) severity(s rules.Severity) string {
	if !p.env.Color {
		return s.String()
	}
	colour := map[rules.Severity]string{rules.Wire: "31", rules.JSON: "33", rules.Source: "36"}[s]
	return "\x1b[" + colour + "m" + s.String() + "\x1b[0m"
}

func where(p rules.Place) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func (p *printer) summary() string {
	var b strings.Builder
	switch n := len(p.findings); n {
	case 0:
		fmt.Fprintf(&b, "%s is compatible with %s at the level %s", p.new.name, p.old.name, p.level)
	case 1:
		b.WriteString("1 finding")
	default:
		fmt.Fprintf(&b, "%d findings", n)
	}
	if p.below > 0 {
		fmt.Fprintf(&b, "; %d below the level %s (--level source shows all)", p.below, p.level)
	}
	if p.ignored > 0 {
		fmt.Fprintf(&b, "; %d ignored", p.ignored)
	}
	return b.String()
}

// report is the JSON document.
type report struct {
	Old        string          `json:"old"`
	New        string          `json:"new"`
	Level      rules.Severity  `json:"level"`
	Compatible bool            `json:"compatible"`
	Findings   []rules.Finding `json:"findings"`
	Below      int             `json:"below"`
	Ignored    int             `json:"ignored"`
}

func (p *printer) json(w io.Writer) error {
	r := report{
		Old: p.old.name, New: p.new.name, Level: p.level, Compatible: len(p.findings) == 0,
		Findings: p.findings, Below: p.below, Ignored: p.ignored,
	}
	if r.Findings == nil {
		r.Findings = []rules.Finding{}
	}
	return encode(w, r)
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// github writes workflow commands, as GitHub's documentation of them says. Only
// places in files that are checked out can be annotated.
func (p *printer) github(w io.Writer) {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, f := range p.findings {
		var at, was string
		if p.new.onDisk && f.New.File != "" {
			at = "file=" + property.Replace(f.New.File) + ","
			if f.New.Line > 0 {
				at += fmt.Sprintf("line=%d,col=%d,", f.New.Line, f.New.Column)
			}
		} else {
			was = where(f.Old) + ": "
		}
		fmt.Fprintf(w, "::error %stitle=%s::%s\n", at, property.Replace(f.Rule+" ("+f.Severity.String()+")"),
			data.Replace(was+f.Reason+"\nDo: "+f.Fix))
	}
}

// rules lists the rules.
func (p *printer) rules(all []rules.Rule) error {
	if p.format == "json" {
		return encode(p.env.Out, all)
	}
	w := tabwriter.NewWriter(p.env.Out, 0, 0, 2, ' ', 0)
	for _, r := range all {
		worst := r.Worst.String()
		if !r.Always {
			worst += " or less"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, worst, r.What)
	}
	return w.Flush()
}
