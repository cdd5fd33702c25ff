// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"fmt"
	"strings"
)

// The lines of a document between which results stand.
const (
	beginMark = "<!-- results, written by the benchmark -->"
	endMark   = "<!-- end of results -->"
)

// Markdown is the report as text. The plots' files are in the folder plots, as
// seen from the text; without one there are no pictures.
func (r *Report) Markdown(plots string) string {
	var b strings.Builder
	b.WriteString("### What was measured on\n\n" + r.Environment.Markdown() + "\n")
	if len(r.failures) > 0 {
		b.WriteString("### What failed\n\n")
		for _, f := range r.failures {
			fmt.Fprintf(&b, "- %s, %s: %s\n", f.Framework, f.Scenario, strings.Join(strings.Fields(f.Error), " "))
		}
		b.WriteString("\n")
	}
	for _, s := range r.Sections() {
		fmt.Fprintf(&b, "### %s\n\n", s.Title)
		if plots != "" {
			for _, p := range s.Plots {
				fmt.Fprintf(&b, "![%s](%s/%s)\n\n", p.Title, plots, p.Name)
			}
		}
		b.WriteString(s.Tables)
	}
	b.WriteString("### Floors\n\n" + FloorTable(r.Floors()))
	return b.String()
}

// Replace puts results into a document, between the lines made for them.
func Replace(document, results string) (string, error) {
	before, rest, begins := strings.Cut(document, beginMark+"\n")
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", errors.New("the document has no place for results; give it the lines\n" + beginMark + "\n" + endMark)
	}
	return before + beginMark + "\n\n" + strings.TrimSpace(results) + "\n\n" + endMark + after, nil
}
