// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"strings"
	"testing"
)

func TestTooDeep(t *testing.T) {
	deep := strings.Repeat
	for _, test := range []struct {
		content string
		want    int
	}{
		{"", -1},
		{deep("{", 100) + deep("}", 100), -1},
		{deep("message A { map<int32, A> a = 1 [(x) = {}]; }", 200), -1},
		{deep("{", 101), 100},
		{"message A { option (x) = " + deep("<", 100), 12 + 13 + 99},
		{deep("- \n", 101), 300},
		{deep("-", 60) + "1" + deep("-", 60), -1},
		{"// " + deep("(", 200) + "\n/*" + deep("(", 200) + "*/" + `"` + deep(`\"(`, 200) + `"`, -1},
		{"'" + deep("(", 200) + "\n" + deep("(", 101), 202 + 100},
		{"/" + deep("[", 101), 101},
		{"/*" + deep("(", 200), -1},
		{`"` + deep("(", 200) + `\`, -1},
	} {
		if got := tooDeep([]byte(test.content)); got != test.want {
			t.Errorf("%.40q: got %d, want %d", test.content, got, test.want)
		}
	}
}
