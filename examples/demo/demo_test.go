// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTour(t *testing.T) {
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"-once", "-addr", "127.0.0.1:0"}, &out, &errs)
	if status != 0 || errs.Len() > 0 {
		t.Fatalf("exit status %d\n%s%s", status, out.String(), errs.String())
	}
	for _, s := range stops() {
		if !strings.Contains(out.String(), pad(s.protocol, protocolWidth)+pad(s.client, clientWidth)) {
			t.Errorf("the table has no row for %s by %s", s.protocol, s.client)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are terminal sequences in what is no terminal")
	}
	if !slices.Contains(strings.Fields(out.String()), "TextStats.Count,") || !strings.Contains(out.String(), "most often the ") {
		t.Error("the texts were not counted")
	}
}

// TestWrongAnswer: an answer that is not as it should be is told.
func TestWrongAnswer(t *testing.T) {
	var out bytes.Buffer
	tour := &tour{ctx: t.Context(), out: newPrinter(&out), stop: stops()[0]}
	tour.check("Sum 1, 1", "2", func(context.Context) (string, error) { return "3", nil })
	tour.check("Sum 1, 1", "2", func(context.Context) (string, error) { return "2", net.ErrClosed })
	tour.check("Sum 1, 1", "2", func(context.Context) (string, error) { return "2", nil })
	if len(tour.wrong) != 2 || tour.checked != 3 {
		t.Errorf("%d of %d are wrong, want 2 of 3: %q", len(tour.wrong), tour.checked, tour.wrong)
	}
	if n := strings.Count(out.String(), "✗"); n != 2 {
		t.Errorf("the table marks %d rows, want 2:\n%s", n, out.String())
	}
}

// TestKeepsServing: without -once the demo serves on until it is interrupted.
func TestKeepsServing(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &watched{text: "Ctrl-C ends it", seen: interrupt}
	var errs bytes.Buffer
	if status := run(ctx, []string{"-addr", "127.0.0.1:0", "demo_test.go"}, out, &errs); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, out.all.String(), errs.String())
	}
	for _, want := range []string{"curl -d", "Draining", "Stopped. Served "} {
		if !strings.Contains(out.all.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.all.String())
		}
	}
}

// watched calls seen when it sees text.
type watched struct {
	all  bytes.Buffer
	text string
	seen func()
}

func (w *watched) Write(p []byte) (int, error) {
	w.all.Write(p)
	if strings.Contains(w.all.String(), w.text) {
		w.seen()
	}
	return len(p), nil
}

func TestWrongUse(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-help"}, 0, "Usage: demo"},
		{[]string{"-nope"}, 2, "-nope"},
		{[]string{"missing.txt"}, 2, "missing.txt"},
		{[]string{"."}, 2, "no regular file"},
		{[]string{"-once", "-addr", busy.Addr().String()}, 1, "give a free port by -addr"},
		{[]string{"-once", "-addr", "nonsense"}, 1, "nonsense"},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), test.args, &out, &errs); status != test.status || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%v: exit status %d and %q, want %d and %q", test.args, status, errs.String(), test.status, test.want)
		}
	}
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"-once"}, &out, &errs); status != 2 || !strings.Contains(errs.String(), "give it files as arguments") {
		t.Errorf("outside the repository: exit status %d and %q", status, errs.String())
	}
}

// TestTally compares the service's count with the tour's own.
func TestTally(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("Go语言 is naïve,\nisn't it? 42\n\nend"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got tally
	if err := got.add(file); err != nil {
		t.Fatal(err)
	}
	if want := (tally{bytes: 37, lines: 4, words: 10}); got != want {
		t.Errorf("the tally is %+v, want %+v", got, want)
	}
}
