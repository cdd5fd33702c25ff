// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// stopGrace is how long a hard stop waits for handlers to see that their
// contexts have ended.
const stopGrace = time.Second

// ShutdownError reports the calls that a shutdown cut because its time was up.
type ShutdownError struct {
	// Calls counts the calls that were cut by their method's full name.
	Calls map[string]int
	// Stuck counts those whose handlers did not even return when their contexts
	// had ended: they still run.
	Stuck map[string]int
	cause error
}

// Error lists the methods.
func (e *ShutdownError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "server: hard stop, because %v", e.cause)
	if len(e.Calls)+len(e.Stuck) == 0 {
		b.WriteString("; a source has not ended")
	}
	if len(e.Calls) > 0 {
		fmt.Fprintf(&b, "; cut calls: %s", counted(e.Calls))
	}
	if len(e.Stuck) > 0 {
		fmt.Fprintf(&b, "; still running, because their handlers ignore their context: %s", counted(e.Stuck))
	}
	return b.String()
}

// Unwrap returns why there was a hard stop: the cause of the end of Shutdown's
// context.
func (e *ShutdownError) Unwrap() error { return e.cause }

// counted writes "3 of Chat/Talk, 1 of Ticker/Watch", the first ten.
func counted(calls map[string]int) string {
	const most = 10
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		if len(parts) == most {
			parts = append(parts, fmt.Sprintf("and of %d more methods", len(calls)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%d of %s", calls[name], name))
	}
	return strings.Join(parts, ", ")
}
