// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// printer prints the table, and on a terminal what is going on below it. It is
// safe for concurrent use.
type printer struct {
	colour, terminal bool

	mu   sync.Mutex // guards the rest
	w    io.Writer
	live bool // a line without an end stands there
}

func newPrinter(w io.Writer) *printer {
	p := &printer{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" &&
			(runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "")
	}
	p.colour = p.terminal && os.Getenv("NO_COLOR") == ""
	return p
}

// The widths of the table's columns.
const (
	protocolWidth = 13
	clientWidth   = 22
	callWidth     = 34
	answerWidth   = 40
)

const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (p *printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// pad makes text as wide as a column.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))) + " "
}

func (p *printer) head() {
	line := "  " + pad("PROTOCOL", protocolWidth) + pad("CLIENT", clientWidth) + pad("CALL", callWidth) + pad("ANSWER", answerWidth) + "     TIME"
	p.printf("%s\n", p.paint(bold, line))
}

// row prints one call of the table.
func (p *printer) row(right bool, protocol, client, call, answer string, took time.Duration) {
	mark := p.paint(green, "✓")
	if !right {
		mark = p.paint(red, "✗")
	}
	answer, _, _ = strings.Cut(answer, "\n")
	if runes := []rune(answer); len(runes) > answerWidth {
		answer = string(runes[:answerWidth-1]) + "…" // if it is wrong, all of it is listed at the end
	}
	p.printf("%s %s%s%s%s%s\n", mark, pad(protocol, protocolWidth), pad(client, clientWidth), pad(call, callWidth),
		pad(answer, answerWidth), p.paint(dim, fmt.Sprintf("%9s", duration(took))))
}

// duration formats d with a fixed number of digits.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1e3)
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}

// progress shows what is going on, on a terminal, until the next line.
func (p *printer) progress(format string, args ...any) {
	if !p.terminal {
		return
	}
	text := []rune(fmt.Sprintf(format, args...))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprint(p.w, p.paint(dim, string(text[:min(len(text), 78)])))
	p.live = true
}

func (p *printer) printf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format, args...)
}

func (p *printer) clear() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[2K")
		p.live = false
	}
}
