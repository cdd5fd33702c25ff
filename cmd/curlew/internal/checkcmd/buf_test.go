// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
)

// bufVersion is the one whose findings the corpus holds.
const bufVersion = "1.72.0"

// counterparts are the rules of buf's category WIRE_JSON, and which of ours find
// the same.
func counterparts() map[string][]string {
	field := func(own ...string) []string {
		return append(own, rules.FieldNumberReused, rules.FieldRenumbered, rules.FieldMapChanged)
	}
	return map[string][]string{
		"ENUM_SAME_JSON_FORMAT":                       {rules.EnumJSONFormat},
		"ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED":   {rules.EnumValueRemoved, rules.EnumValueRenumbered},
		"ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED": {rules.EnumValueRemoved, rules.EnumValueRenumbered},
		"ENUM_VALUE_SAME_NAME":                        {rules.EnumValueRenamed, rules.EnumValueRenumbered},
		"FIELD_NO_DELETE_UNLESS_NAME_RESERVED":        {rules.FieldRemoved, rules.FieldRenumbered},
		"FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED":      {rules.FieldRemoved, rules.FieldRenumbered},
		"FIELD_SAME_DEFAULT":                          field(rules.FieldDefaultChanged),
		"FIELD_SAME_JSON_NAME":                        field(rules.FieldJSONNameChanged, rules.FieldRenamed),
		"FIELD_SAME_NAME":                             field(rules.FieldRenamed),
		"FIELD_SAME_ONEOF":                            field(rules.FieldOneofChanged),
		"FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY":      field(rules.FieldCardinalityChanged, rules.RequiredFieldAdded, rules.RequiredFieldRemoved),
		"FIELD_WIRE_JSON_COMPATIBLE_TYPE":             field(rules.FieldTypeChanged),
		"FILE_SAME_PACKAGE":                           {rules.PackageChanged},
		"MESSAGE_SAME_JSON_FORMAT":                    {rules.MessageJSONFormat},
		"MESSAGE_SAME_REQUIRED_FIELDS":                {rules.RequiredFieldAdded, rules.RequiredFieldRemoved},
		"RESERVED_ENUM_NO_DELETE":                     {rules.ReservedRemoved},
		"RESERVED_MESSAGE_NO_DELETE":                  {rules.ReservedRemoved},
		"RPC_SAME_CLIENT_STREAMING":                   {rules.MethodStreamChanged},
		"RPC_SAME_IDEMPOTENCY_LEVEL":                  {rules.MethodIdempotencyChanged},
		"RPC_SAME_REQUEST_TYPE":                       {rules.MethodInputChanged},
		"RPC_SAME_RESPONSE_TYPE":                      {rules.MethodOutputChanged},
		"RPC_SAME_SERVER_STREAMING":                   {rules.MethodStreamChanged},
	}
}

// bufFinding is a line of buf breaking --error-format=json.
type bufFinding struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Type      string `json:"type"`
	Message   string `json:"message"`
}

// covers reports whether f says what buf says: by a rule that is its counterpart,
// within the same lines, or about the element that buf names.
func (b bufFinding) covers(f rules.Finding) bool {
	if f.Severity < rules.JSON || !slices.Contains(counterparts()[b.Type], f.Rule) {
		return false
	}
	if f.New.Line >= b.StartLine && f.New.Line <= b.EndLine {
		return true
	}
	return strings.Contains(b.Message, `"`+string(f.Element.Name())+`"`)
}

// TestFindsWhatBufFinds compares the findings with those that buf had.
func TestFindsWhatBufFinds(t *testing.T) {
	unseen := counterparts()
	for _, name := range cases(t) {
		own := findings(t, name)
		for _, theirs := range readBuf(t, name) {
			delete(unseen, theirs.Type)
			if counterparts()[theirs.Type] == nil {
				t.Errorf("%s: no rule is the counterpart of buf's %s", name, theirs.Type)
			} else if !slices.ContainsFunc(own, theirs.covers) {
				t.Errorf("%s: buf finds what is not found here: %+v\nfound: %+v", name, theirs, own)
			}
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(unseen)) {
		t.Errorf("no pair of the corpus breaks buf's rule %s", rule)
	}
}

func readBuf(t *testing.T, name string) []bufFinding {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpus, name, "buf.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return parseBuf(t, b)
}

func parseBuf(t *testing.T, b []byte) []bufFinding {
	t.Helper()
	var all []bufFinding
	for d := json.NewDecoder(bytes.NewReader(b)); d.More(); {
		var f bufFinding
		if err := d.Decode(&f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// TestBufStillFindsThat runs buf over the corpus. It needs buf in the PATH, or
// named by CURLEW_BUF.
func TestBufStillFindsThat(t *testing.T) {
	buf := os.Getenv("CURLEW_BUF")
	if buf == "" {
		var err error
		if buf, err = exec.LookPath("buf"); err != nil {
			t.Skipf("NOT COMPARED WITH BUF ITSELF: it is not in the PATH; set CURLEW_BUF to the path of buf v%s", bufVersion)
		}
	}
	out, err := exec.CommandContext(t.Context(), buf, "--version").CombinedOutput()
	if version := strings.TrimSpace(string(out)); err != nil || version != bufVersion {
		t.Skipf("NOT COMPARED WITH BUF ITSELF: %s has version %q (%v), not %s", buf, version, err, bufVersion)
	}
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runBuf(t, buf, name)
			path := filepath.Join(corpus, name, "buf.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
				if len(got) == 0 {
					os.Remove(path)
				}
				return
			}
			if want := readBuf(t, name); !slices.Equal(parseBuf(t, got), want) {
				t.Errorf("buf finds:\n%s\n%s says: %+v", got, path, want)
			}
		})
	}
}

// runBuf returns buf's findings, ordered. The sides' files get the same names, by
// which buf pairs them.
func runBuf(t *testing.T, buf, name string) []byte {
	t.Helper()
	dir := t.TempDir()
	for _, s := range []string{"before", "after"} {
		from, to := side(name, s), filepath.Join(dir, s)
		if filepath.Ext(from) == "" {
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.Mkdir(to, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, "x.proto"), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), buf, "breaking", ".", "--against", "../before", "--error-format", "json",
		"--config", `{"version":"v2","breaking":{"use":["WIRE_JSON"]}}`)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(dir, "after"), &out, &errs
	if err := cmd.Run(); err != nil && out.Len() == 0 {
		t.Fatalf("%v: %s", err, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	return []byte(strings.TrimLeft(strings.Join(lines, "\n")+"\n", "\n"))
}
