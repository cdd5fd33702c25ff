// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package textstats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
)

const text = "To be, or not to be:\nthat is the question 知道 知\nnaïve Ünïcode"

func textStats() Stats {
	return Stats{File: "a", Files: 1, Bytes: int64(len(text)), Lines: 3, Words: 15, Distinct: 12, Top: []Word{
		{"be", 2}, {"to", 2}, {"知", 2}, {"is", 1}, {"naïve", 1}, {"not", 1}, {"or", 1}, {"question", 1}, {"that", 1}, {"the", 1},
	}}
}

// TestCounter cuts a text at every byte: the statistics are always the same.
func TestCounter(t *testing.T) {
	for cut := range len(text) + 1 {
		var c counter
		for _, chunk := range []*Chunk{{File: "a", Data: []byte(text[:cut])}, {Data: []byte(text[cut:]), Last: true}} {
			if err := c.add(chunk); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := *c.snapshot(), textStats(); !reflect.DeepEqual(got, want) {
			t.Fatalf("cut at %d:\n got %+v\nwant %+v", cut, got, want)
		}
	}
}

func TestCounterBounds(t *testing.T) {
	var c counter
	if err := c.add(&Chunk{Data: bytes.Repeat([]byte("x"), 1<<20), Last: true}); err != nil {
		t.Fatal(err)
	}
	if s := c.snapshot(); s.Words != 1 || len(s.Top[0].Word) != maxWord {
		t.Errorf("a word of 1 MiB counts as %d words of %d bytes, want 1 of %d", s.Words, len(s.Top[0].Word), maxWord)
	}
	var words strings.Builder
	for i := range maxDistinct + 1 {
		fmt.Fprintf(&words, "%d\n", i)
	}
	if err := c.add(&Chunk{Data: []byte(words.String())}); !errors.Is(err, curlew.ResourceExhausted) {
		t.Errorf("200,001 different words give %v, want resource_exhausted", err)
	}
	c = counter{}
	if err := c.add(&Chunk{Data: []byte("\xe7\x9f"), Last: true}); err != nil || c.stats.Bytes != 2 {
		t.Errorf("a file that ends within a character: %+v, %v", c.stats, err)
	}
}

func TestCountFiles(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, content := range map[string]string{"a": text, "big": strings.Repeat("curlews call\n", 100_000), "empty": ""} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	c := curlewtest.Serve(t, NewService())
	updates := 0
	stats, err := Count(t.Context(), c, files, func(s *Stats) {
		if updates++; s.Done {
			t.Error("statistics that are not the last say that they are")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if updates == 0 {
		t.Error("no statistics came before the last")
	}
	if want := int64(len(text) + 13*100_000); stats.Bytes != want || stats.Files != 3 || stats.Lines != 100_003 || stats.Words != 200_015 {
		t.Errorf("the statistics are %+v, want 3 files of %d bytes, 100,003 lines, 200,015 words", stats, want)
	}
	if top := fmt.Sprint(stats.Top[:2]); top != "[{call 100000} {curlews 100000}]" {
		t.Errorf("the most frequent words are %s", top)
	}
}

func TestCountFails(t *testing.T) {
	c := curlewtest.Serve(t, NewService())
	ignore := func(*Stats) {}
	if _, err := Count(t.Context(), c, []string{"textstats.go", "missing"}, ignore); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Count(ctx, c, []string{"textstats.go"}, func(*Stats) { cancel() })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled count gives %v", err)
	}
	full := curlewtest.Serve(t, curlew.NewService("TextStats",
		curlew.BidiStream("Count", func(context.Context, curlew.Bidi[Chunk, Stats]) error {
			return curlew.NewError(curlew.ResourceExhausted, "not today")
		})))
	if _, err := Count(t.Context(), full, []string{"textstats.go"}, ignore); !errors.Is(err, curlew.ResourceExhausted) {
		t.Errorf("a server that refuses gives %v, want resource_exhausted", err)
	}
}
