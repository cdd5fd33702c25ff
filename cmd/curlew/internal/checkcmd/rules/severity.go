// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import "fmt"

// Severity says who is hurt by a change. The larger one includes the smaller:
// what breaks the binary encoding is a finding at the level JSON too.
type Severity int

const (
	Source Severity = iota + 1 // generated code, or what programs see of it, changes
	JSON                       // messages as JSON are read differently, or not at all
	Wire                       // encoded messages or calls are read differently, or not at all
)

var severityNames = [...]string{Source: "source", JSON: "json", Wire: "wire"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText implements [encoding.TextMarshaler].
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity returns the severity of a name: source, json or wire.
func ParseSeverity(name string) (Severity, error) {
	for s := Source; s <= Wire; s++ {
		if name == s.String() {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%q is no level; the levels are wire, json and source", name)
}
