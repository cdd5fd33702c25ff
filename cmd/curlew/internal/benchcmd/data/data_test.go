// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package data_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/data"
)

func TestRows(t *testing.T) {
	for _, c := range []struct{ path, content, want string }{
		{"a.csv", "name,age\nAda,36\n\"Lo\"\"ve\",\n", `[{"age":"36","name":"Ada"},{"age":"","name":"Lo\"ve"}]`},
		{"a.CSV", "\uFEFFname\nAda\n", `[{"name":"Ada"}]`},
		{"a.json", `[{"n":12345678901234567890},{"n":2}]`, `[{"n":12345678901234567890},{"n":2}]`},
		{"a.ndjson", "{\"n\":1}\n\n{\"n\":2}\n", `[{"n":1},{"n":2}]`},
		{"a", `1 "two" [3]`, `[1,"two",[3]]`},
	} {
		rows, err := data.Rows(c.path, []byte(c.content))
		got, _ := json.Marshal(rows)
		if err != nil || string(got) != c.want {
			t.Errorf("%s %q: %s, %v; want %s", c.path, c.content, got, err, c.want)
		}
	}
}

func TestRowsThatAreNone(t *testing.T) {
	for _, c := range []struct{ path, content, want string }{
		{"a.csv", "", "no rows"},
		{"a.csv", "name\n", "no rows"},
		{"a.csv", "a,b\n1\n", "line 2"},
		{"a.json", "[]", "no rows"},
		{"a.json", "", "no rows"},
		{"a.json", "{}\n{}\n{x}\n", "line 3 is no JSON"},
		{"a.json", "{\"a\":\n", "no JSON"},
	} {
		rows, err := data.Rows(c.path, []byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.path+": ") {
			t.Errorf("%s %q: %v, %v; want an error with %q", c.path, c.content, rows, err, c.want)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add("a.csv", []byte("a,b\n1,2\n"))
	f.Add("a.json", []byte("[1,2]"))
	f.Add("a.json", []byte("{}\n{"))
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		rows, err := data.Rows(path, content)
		if (err == nil) != (len(rows) > 0) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
	})
}

func people() []any {
	return []any{map[string]any{"name": "Ada"}, map[string]any{"name": `Lo"ve`}}
}

func TestFixedRequests(t *testing.T) {
	for _, c := range []struct {
		text    string
		rows    []any
		perCall int
		order   string // the messages 0 and 1 of the calls 0, 1 and 2
	}{
		{"", nil, 1, "{} {} {} {} {} {}"},
		{`{"a":1}`, nil, 1, `{"a":1} {"a":1} {"a":1} {"a":1} {"a":1} {"a":1}`},
		{"1 2\n3", nil, 3, "1 2 1 2 1 2"},
		{"", []any{1, 2, 3}, 1, "1 2 2 3 3 1"},
	} {
		r, err := data.New(c.text, c.rows)
		if err != nil {
			t.Error(err)
			continue
		}
		fixed, ok := r.Fixed()
		if !ok || r.PerCall() != c.perCall {
			t.Errorf("%q: fixed %v, %d messages a call", c.text, ok, r.PerCall())
			continue
		}
		var order []string
		for seq := range int64(3) {
			order = append(order, string(fixed[r.Index(seq, 0)]), string(fixed[r.Index(seq, 1)]))
		}
		if got := strings.Join(order, " "); got != c.order {
			t.Errorf("%q: %s, want %s", c.text, got, c.order)
		}
	}
}

func TestTemplate(t *testing.T) {
	for text, want := range map[string]string{
		`{"n":{{.Seq}},"m":{{.Message}}}`:              `^{"n":3,"m":1}$`,
		`{"name":{{json .Row.name}}}`:                  `^{"name":"Ada"}$`,
		`{{.Row.name}}`:                                `^Ada$`,
		`{{uuid}}`:                                     `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		`{{randInt 5 7}}`:                              `^[567]$`,
		`{{randInt -9223372036854775807 -1}}`:          `^-?[0-9]+$`,
		`{{randString 12}}`:                            `^[a-zA-Z0-9]{12}$`,
		`{{pick "a" "b"}}`:                             `^[ab]$`,
		`{{now}}`:                                      `^20[0-9]{2}-.*Z$`,
		`{{if eq (len .Row.name) 3}}x{{else}}y{{end}}`: `^x$`,
	} {
		r, err := data.New(text, people())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, fixed := r.Fixed(); fixed || r.PerCall() != 1 {
			t.Errorf("%s: fixed %v, %d messages a call", text, fixed, r.PerCall())
		}
		got, err := r.JSON(3, 1)
		if err != nil || !regexp.MustCompile(want).Match(got) {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestRequestsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		text string
		rows []any
		want string
	}{
		{"{", nil, "no JSON"},
		{"{}", people(), "no row"},
		{"{{", nil, "unclosed"},
		{"{{.Row.name}}", nil, "nil"},
		{"{{.Row.age}}", people(), `no entry for key "age"`},
		{"{{nothing}}", nil, `"nothing" not defined`},
		{"{{randInt 2 1}}", nil, "no number"},
		{"{{randInt -9223372036854775807 9223372036854775807}}", nil, "no number"},
		{"{{randString -1}}", nil, "a length is"},
		{"{{randString 9999999}}", nil, "a length is"},
		{"{{pick}}", nil, "nothing to pick"},
	} {
		if _, err := data.New(c.text, c.rows); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.text, err, c.want)
		}
	}
}

func ExampleNew() {
	requests, _ := data.New(`{"id":{{.Seq}},"name":{{json .Row.name}}}`, []any{map[string]any{"name": "Ada"}, map[string]any{"name": "Ben"}})
	for seq := range int64(3) {
		text, _ := requests.JSON(seq, 0)
		fmt.Println(string(text))
	}
	// Output:
	// {"id":0,"name":"Ada"}
	// {"id":1,"name":"Ben"}
	// {"id":2,"name":"Ada"}
}
