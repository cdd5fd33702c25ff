// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// maxTimeoutValue is the largest number that eight digits can say.
const maxTimeoutValue = 99_999_999

// timeoutUnits are gRPC's, from the finest (PROTOCOL-HTTP2, "TimeoutUnit").
var timeoutUnits = [...]struct {
	name byte
	unit time.Duration
}{
	{'n', time.Nanosecond}, {'u', time.Microsecond}, {'m', time.Millisecond}, {'S', time.Second}, {'M', time.Minute}, {'H', time.Hour},
}

// FormatGRPCTimeout writes a timeout as grpc-timeout has it, in the finest unit
// that eight digits suffice for. Part of a unit counts as a whole one, so that
// nobody's time is up before the caller's.
func FormatGRPCTimeout(d time.Duration) string {
	d = max(d, 0)
	for _, u := range timeoutUnits {
		n := d / u.unit
		if d%u.unit > 0 {
			n++
		}
		if n <= maxTimeoutValue {
			b := strconv.AppendInt(make([]byte, 0, 9), int64(n), 10)
			return string(append(b, u.name))
		}
	}
	return "99999999H" // not reached: it is more than a Duration holds
}

// ParseGRPCTimeout reads a timeout as grpc-timeout has it: one to eight digits
// and a unit. One that is longer than a Duration is cut.
func ParseGRPCTimeout(s string) (time.Duration, error) {
	if len(s) < 2 || len(s) > 9 {
		return 0, fmt.Errorf("a timeout of %d characters; it is written as 1 to 8 digits and one of the units H, M, S, m, u and n", len(s))
	}
	digits, name := s[:len(s)-1], s[len(s)-1]
	var n int64
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, fmt.Errorf("the timeout %q does not begin with 1 to 8 digits", s)
		}
		n = 10*n + int64(digits[i]-'0')
	}
	for _, u := range timeoutUnits {
		if u.name == name {
			if n > math.MaxInt64/int64(u.unit) {
				return math.MaxInt64, nil
			}
			return time.Duration(n) * u.unit, nil
		}
	}
	return 0, fmt.Errorf("the timeout %q does not end with one of the units H, M, S, m, u and n", s)
}
