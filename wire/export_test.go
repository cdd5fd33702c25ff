// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

// Sniff gives the bytes of b to a sniffer in chunks of the given sizes, in turn
// and then one byte at a time, until it has decided. It returns the framing,
// nil for none, and how many bytes that took; -1 if all were not enough.
func Sniff(framings []Framing, b []byte, sizes []byte) (Framing, int) {
	s := newSniffer(framings)
	for n := 0; n < len(b); {
		size := 1
		if len(sizes) > 0 {
			size, sizes = max(1, int(sizes[0])), sizes[1:]
		}
		n = min(n+size, len(b))
		if f, decided := s.next(b[:n]); decided {
			return f, s.asked
		}
	}
	return nil, -1
}
