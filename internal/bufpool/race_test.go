// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package bufpool

import "testing"

func TestPoison(t *testing.T) {
	b := Get(10)
	kept := b.B
	if kept[3] != freshByte {
		t.Errorf("a new buffer holds %#x, want the pattern %#x", kept[3], freshByte)
	}
	kept[3] = 1
	b.Free()
	if kept[3] != freedByte {
		t.Errorf("a freed buffer holds %#x, want the pattern %#x", kept[3], freedByte)
	}
	if b.B != nil {
		t.Error("a freed Buf still gives its bytes away")
	}
}
