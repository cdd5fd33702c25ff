// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package textstats

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/curlewrpc/curlew"
)

// counter counts what is written to it.
type counter struct {
	stats  Stats
	counts map[string]int64
	word   []byte // the one that has begun
	rune   []byte // the first bytes of one that a chunk's end has cut
	inLine bool   // the last line has no end yet
}

// add counts one chunk.
func (c *counter) add(chunk *Chunk) error {
	if chunk.File != "" {
		c.stats.File = chunk.File
	}
	c.stats.Bytes += int64(len(chunk.Data))
	text := append(c.rune, chunk.Data...)
	c.rune = nil
	for len(text) > 0 {
		if !utf8.FullRune(text) && !chunk.Last {
			c.rune = slices.Clone(text)
			break
		}
		r, size := utf8.DecodeRune(text)
		if err := c.addRune(r); err != nil {
			return err
		}
		text = text[size:]
	}
	if chunk.Last {
		return c.endFile()
	}
	return nil
}

func (c *counter) addRune(r rune) error {
	c.inLine = true
	switch {
	case unicode.Is(unicode.Han, r): // written without spaces: each is a word
		if err := c.endWord(); err != nil {
			return err
		}
		c.word = utf8.AppendRune(c.word, r)
		return c.endWord()
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		if len(c.word) < maxWord {
			c.word = utf8.AppendRune(c.word, unicode.ToLower(r))
		}
		return nil
	case r == '\n':
		c.inLine = false
		c.stats.Lines++
	}
	return c.endWord()
}

func (c *counter) endWord() error {
	if len(c.word) == 0 {
		return nil
	}
	if c.counts == nil {
		c.counts = make(map[string]int64)
	}
	if c.counts[string(c.word)]++; len(c.counts) > maxDistinct {
		return curlew.Errorf(curlew.ResourceExhausted, "the texts have more than %d different words", maxDistinct)
	}
	c.word = c.word[:0]
	c.stats.Words++
	return nil
}

func (c *counter) endFile() error {
	if c.inLine {
		c.stats.Lines++
		c.inLine = false
	}
	c.stats.Files++
	return c.endWord()
}

// snapshot returns the statistics as they are now.
func (c *counter) snapshot() *Stats {
	s := c.stats
	s.Distinct = len(c.counts)
	for word, count := range c.counts {
		s.Top = insert(s.Top, Word{word, count})
	}
	return &s
}

// insert puts w into the list of the most frequent words if it belongs there.
func insert(list []Word, w Word) []Word {
	i, _ := slices.BinarySearchFunc(list, w, func(a, b Word) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	if i == top {
		return list
	}
	list = slices.Insert(list, i, w)
	return list[:min(len(list), top)]
}
