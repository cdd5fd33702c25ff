// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

const listed = `package main

func main() {
	// [all]
	for i := range 3 {
		// [inner]
		println(i)

		println("end")
		// [/inner]
	}
	// [/all]
}

// [open]
`

func TestRelist(t *testing.T) {
	read := func(file string) ([]byte, error) {
		if file != "examples/main.go" {
			return nil, fs.ErrNotExist
		}
		return []byte(listed), nil
	}
	listing := func(region, body string) string {
		return "Text.\n\n<!-- from: examples/main.go#" + region + " -->\n\n```go\n" + body + "```\n\nMore.\n"
	}
	for name, test := range map[string]struct {
		text, want string // want "" for unchanged
		problem    string
	}{
		"up to date":     {text: listing("inner", "println(i)\n\nprintln(\"end\")\n")},
		"stale":          {text: listing("inner", "println(1)\n"), want: listing("inner", "println(i)\n\nprintln(\"end\")\n")},
		"empty":          {text: listing("inner", ""), want: listing("inner", "println(i)\n\nprintln(\"end\")\n")},
		"nested":         {text: listing("all", ""), want: listing("all", "for i := range 3 {\n\tprintln(i)\n\n\tprintln(\"end\")\n}\n")},
		"other language": {text: "```sh\ngo run .\n```\n"},
		"inside another": {text: "````md\n```go\n```\n````\n"},
		"no source":      {text: "Text.\n\n```go\nmain()\n```\n", problem: "README.md:3: Go code in documentation is cut"},
		"no file":        {text: "<!-- from: a.go#x -->\n```go\n```\n", problem: "README.md:2: file does not exist"},
		"no region":      {text: listing("other", ""), problem: "README.md:5: examples/main.go: there are no lines"},
		"open region":    {text: listing("open", ""), problem: "README.md:5: examples/main.go: there are no lines"},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := relist("README.md", test.text, read)
			if test.want == "" {
				test.want = test.text
			}
			if got != test.want {
				t.Errorf("text is\n%s\nwant\n%s", got, test.want)
			}
			if test.problem == "" {
				expect(t, problems)
			} else {
				expect(t, problems, test.problem)
			}
		})
	}
}

func TestListingsAreRewritten(t *testing.T) {
	const before = "<!-- from: examples/main.go#all -->\n```go\nold\n```\n"
	r := made(t, map[string]string{"a.go": "package m\n", "examples/main.go": listed, "docs/a/b.md": before, "other.md": "```go\n```\n"})
	expect(t, checkListings(r, false), "docs/a/b.md: listings differ")
	expect(t, checkListings(r, true))
	expect(t, checkListings(r, false))
	after, err := os.ReadFile(filepath.Join(r.root, "docs/a/b.md"))
	if err != nil || string(after) == before {
		t.Errorf("the listing was not rewritten: %v", err)
	}
}
