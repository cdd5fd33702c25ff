// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"fmt"
	"strconv"
	"time"
)

// maxMillis is the largest timeout that ten digits can say, 115 days.
const maxMillis = 9_999_999_999

// ParseMillis reads a timeout in milliseconds: one to ten digits, as Connect's
// connect-timeout-ms has them.
func ParseMillis(s string) (time.Duration, error) {
	if len(s) < 1 || len(s) > 10 {
		return 0, fmt.Errorf("a timeout of %d characters; it is written as 1 to 10 digits, in milliseconds", len(s))
	}
	var ms int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("the timeout %q is not a number of milliseconds", s)
		}
		ms = 10*ms + int64(s[i]-'0')
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// FormatMillis writes a timeout for ParseMillis. Part of a millisecond counts
// as a whole one, so that nobody's time is up before the caller's; a timeout
// that is too long to be written is cut.
func FormatMillis(d time.Duration) string {
	ms := int64((d + time.Millisecond - 1) / time.Millisecond)
	return strconv.FormatInt(min(max(ms, 0), maxMillis), 10)
}
