// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package textstats

// Chunk is a piece of a text. The first chunk of a file has its name, the last
// one says so; a word may be cut by the end of a chunk, but not by that of a
// file.
type Chunk struct {
	File string
	Data []byte
	Last bool
}

// Stats are the statistics of all that has come so far.
type Stats struct {
	File     string // the one that is being read
	Files    int    // that have been read to their end
	Bytes    int64
	Lines    int64
	Words    int64
	Distinct int
	Top      []Word // the most frequent words, at most 10
	Done     bool   // there is no more
}

// Word is a word, in lower case, and how often it has come.
type Word struct {
	Word  string
	Count int64
}

const (
	chunkSize = 4 << 10
	top       = 10
	// maxWord and maxDistinct bound the server's memory, whatever is sent to it.
	maxWord     = 100 // bytes; longer words are cut
	maxDistinct = 200_000
)
