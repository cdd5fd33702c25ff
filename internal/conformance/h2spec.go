// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// h2specCases is how many cases h2spec 2.2.1 has with -S, the strict ones.
const h2specCases = 146

// h2spec runs every case against our server. It is judged by the names of the
// cases. One that failed is run again by itself, and counts as passed if it then
// passes: its waits are of two seconds, which a busy machine can use up.
func h2spec(ctx context.Context, b *bench) (result, error) {
	s, err := start(ctx, b, "interopserver")
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	all, err := s.h2spec(ctx, b)
	if err != nil {
		return result{}, err
	}
	r := result{total: len(all)}
	for _, c := range all {
		again := ""
		if c.wrong() != "" {
			again = " (at the second time)"
			repeated, err := s.h2spec(ctx, b, c.id)
			if err != nil {
				return r, err
			}
			r.remarks = append(r.remarks, "run again: "+c.id+": "+c.wrong())
			c = repeated[0]
		}
		if c.wrong() != "" {
			r.failed = append(r.failed, fmt.Sprintf("%s%s: %s: %s", c.id, again, c.ClassName, c.wrong()))
		} else {
			r.passed++
		}
	}
	if len(all) != h2specCases {
		return r, fmt.Errorf("there were %d cases instead of %d", len(all), h2specCases)
	}
	return r, nil
}

// h2case is a case in h2spec's report.
type h2case struct {
	id        string    // as h2spec takes it: "http2/6.9.1/2"
	ClassName string    `xml:"classname,attr"`
	Failure   *string   `xml:"failure"`
	Error     *string   `xml:"error"`
	Skipped   *struct{} `xml:"skipped"`
}

// wrong says why the case has not passed, "" if it has.
func (c h2case) wrong() string {
	switch {
	case c.Failure != nil:
		return "failed: " + oneLine(*c.Failure)
	case c.Error != nil:
		return "failed: " + oneLine(*c.Error)
	case c.Skipped != nil:
		return "skipped"
	}
	return ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// h2spec runs the named cases, all if none is named.
func (s *service) h2spec(ctx context.Context, b *bench, ids ...string) ([]h2case, error) {
	report := filepath.Join(b.out, "h2spec.xml")
	if err := os.Remove(report); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	args := append([]string{"-S", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-o", "2", "-j", report}, ids...)
	out, failure := logged(ctx, b, "h2spec"+strings.ReplaceAll(strings.Join(ids, ""), "/", "-"), "h2spec", args...)
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("h2spec wrote no report (%v)\n%s", failure, tail(out, 5))
	}
	cases, err := readH2spec(text)
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 && len(cases) != len(ids) {
		return nil, fmt.Errorf("h2spec ran %d cases for %v", len(cases), ids)
	}
	for i, id := range ids {
		cases[i].id = id // the report does not number a case that is alone
	}
	return cases, nil
}

// readH2spec reads h2spec's JUnit report, which does not escape its texts.
func readH2spec(report []byte) ([]h2case, error) {
	var root struct {
		Suites []struct {
			Package string   `xml:"package,attr"`
			Cases   []h2case `xml:"testcase"`
		} `xml:"testsuite"`
	}
	decoder := xml.NewDecoder(strings.NewReader(string(report)))
	decoder.Strict = false
	if err := decoder.Decode(&root); err != nil {
		return nil, fmt.Errorf("h2spec's report: %w", err)
	}
	var cases []h2case
	for _, s := range root.Suites {
		for i, c := range s.Cases {
			c.id = fmt.Sprintf("%s/%d", s.Package, i+1)
			cases = append(cases, c)
		}
	}
	return cases, nil
}
