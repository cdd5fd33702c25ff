// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxProblems bounds how many problems an Error prints.
const maxProblems = 50

// Problem is one thing that is wrong with a file.
type Problem struct {
	File    string `json:"file"`             // its path on disk
	Line    int    `json:"line,omitempty"`   // from 1; zero where no place is known
	Column  int    `json:"column,omitempty"` // in characters, from 1
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do now

	source string // the line
}

// NewProblem returns a problem at a place in the content of a file.
func NewProblem(file string, content []byte, line, column int, message, hint string) Problem {
	p := Problem{File: file, Line: line, Column: column, Message: message, Hint: hint}
	for n, text := 1, content; n <= line; n++ {
		var this []byte
		this, text, _ = bytes.Cut(text, []byte("\n"))
		p.source = strings.TrimRight(string(this), "\r")
	}
	return p
}

// String gives the problem as file:line:column: message, followed by the line, a
// caret below it, and the hint.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": " + p.Message)
	if p.Line > 0 {
		fmt.Fprintf(&b, "\n    %s\n    %s^", p.source, p.indent())
	}
	b.WriteString(hintAfter(p.Hint))
	return b.String()
}

// indent is as wide as what stands left of the column, whatever a tab's width is.
func (p Problem) indent() string {
	var b strings.Builder
	n := 1
	for _, c := range p.source {
		if n >= p.Column {
			break
		}
		if n++; c != '\t' {
			c = ' '
		}
		b.WriteRune(c)
	}
	return b.String()
}

// place finds line and column of an offset, if that is not negative. The compiler's own columns count the
// width of tabs, those of editors do not.
func (p *Problem) place(source []byte, offset int) {
	if offset < 0 {
		return
	}
	offset = min(offset, len(source))
	start := bytes.LastIndexByte(source[:offset], '\n') + 1
	line, _, _ := bytes.Cut(source[start:], []byte("\n"))
	p.Line = bytes.Count(source[:start], []byte("\n")) + 1
	p.Column = utf8.RuneCount(source[start:offset]) + 1
	p.source = strings.TrimRight(string(line), "\r")
}

// Error is all that is wrong with some files, in order of places.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	var parts []string
	for i, p := range e.Problems {
		if i == maxProblems {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Problems)-i))
			break
		}
		parts = append(parts, p.String())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return fmt.Sprintf("%d problems\n%s", len(e.Problems), strings.Join(parts, "\n"))
}

// problems gathers them, each once. The compiler may go on with other files after
// it has returned with an error, and report what nobody asks for any more.
type problems struct {
	mu  sync.Mutex
	all []Problem
}

func (ps *problems) add(p Problem) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	// What the scanner refuses, the parser refuses again, and says less.
	again := strings.HasPrefix(p.Message, "syntax error: unexpected error")
	if !slices.ContainsFunc(ps.all, func(q Problem) bool { return p == q || again && p.samePlace(q) }) {
		ps.all = append(ps.all, p)
	}
}

func (p Problem) samePlace(q Problem) bool {
	return p.File == q.File && p.Line == q.Line && p.Column == q.Column
}

// err returns an *Error, nil if there are no problems.
func (ps *problems) err() error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.all) == 0 {
		return nil
	}
	all := slices.Clone(ps.all)
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{all}
}

func hintAfter(hint string) string {
	if hint == "" {
		return ""
	}
	return "\n    " + strings.ReplaceAll(hint, "\n", "\n    ")
}
