// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/textstats"
)

// textStats streams the files to the server and shows the statistics as they
// come.
func (t *tour) textStats(c *client.Client) {
	var want tally
	for _, name := range t.files {
		if err := want.add(name); err != nil {
			t.check("TextStats.Count", "", func(context.Context) (string, error) { return "", err })
			return
		}
	}
	var last *textstats.Stats
	updates := 0
	t.check("TextStats.Count, "+plural(len(t.files), "file")+" (bidi)", want.String(), func(ctx context.Context) (string, error) {
		stats, err := textstats.Count(ctx, c, t.files, func(s *textstats.Stats) {
			updates++
			t.out.progress("%s: %d words, %d different; %s", s.File, s.Words, s.Distinct, words(s.Top, 5))
		})
		if err != nil {
			return "", err
		}
		last = stats
		return tally{bytes: stats.Bytes, lines: stats.Lines, words: stats.Words}.String(), nil
	})
	if last == nil {
		return
	}
	t.out.printf("    %s: %s, most often %s. On the way: %s.\n",
		strings.Join(t.files, ", "), plural(last.Distinct, "different word"), words(last.Top, 5), plural(updates, "update"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// words writes the first n words of a list.
func words(list []textstats.Word, n int) string {
	var b strings.Builder
	for i, w := range list[:min(n, len(list))] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d", w.Word, w.Count)
	}
	return b.String()
}

// tally is what a file has, counted in another way than the service does.
type tally struct{ bytes, lines, words int64 }

func (t tally) String() string {
	return fmt.Sprintf("%d bytes, %d lines, %d words", t.bytes, t.lines, t.words)
}

func (t *tally) add(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReader(file)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			t.bytes += int64(len(line))
			t.lines++
			t.words += int64(countWords(line))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func countWords(line string) int {
	n := 0
	for _, field := range strings.FieldsFunc(line, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) }) {
		han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
		n += len(strings.FieldsFunc(field, han))
		n += strings.Count(strings.Map(func(r rune) rune {
			if han(r) {
				return '*'
			}
			return -1
		}, field), "*")
	}
	return n
}
