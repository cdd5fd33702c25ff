// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"slices"
	"testing"
)

func TestVariables(t *testing.T) {
	r := made(t, map[string]string{
		"a/fine.go": `package a

import (
	"errors"
	"regexp"

	"example.org/other"
)

var ErrGone = errors.New("gone")

var ErrOther = other.ErrOther

var names = [...]string{"a", "b"}

var table = map[string][]int{"x": {1}}

var pattern = regexp.MustCompile("x")

var _ error = (*failure)(nil)

type failure struct{ why string }

func (*failure) Error() string { return "" }

func (f failure) text() string { return f.why }

var zero failure

func read(i int) (string, string) {
	names := []string{"shadow"}
	names[0] = pattern.String() + zero.text()
	for range table {
	}
	return names[i], zero.why
}
`,
		"a/wrong.go": `package a

import (
	"sync"
	"sync/atomic"

	"example.com/m/b"
)

var Exported = 1

var count int

var cache = map[string]int{}

var calls atomic.Int64

var registry = newRegistry()

type registries struct{ mu sync.Mutex }

func newRegistry() *registries { return nil }

var done = []chan int{nil}

var array [3]int

var value registry2

type registry2 struct{ n int }

func (r *registry2) add() {}

var hook = func() {}

func write() {
	count++
	cache["x"] = 1
	delete(cache, "x")
	value.add()
	value.n = 2
	_ = &value.n
	_ = array[:]
	b.Shared = nil
	for count = range 3 {
	}
}
`,
		"a/a_test.go":              "package a\n\nvar own int\n\nfunc f() { hook = nil; own = 1; _ = &names }\n",
		"b/b.go":                   "package b\n\nvar Shared error\n",
		"internal/bufpool/pool.go": "package bufpool\n\nimport \"sync\"\n\nvar pool sync.Pool\n",
	})
	expect(t, checkVariables(r, typed(t, r)),
		"a/wrong.go:13: package variable Exported is exported",
		"a/wrong.go:19: package variable calls holds a sync/atomic.Int64",
		"a/wrong.go:21: package variable registry holds a sync.Mutex",
		"a/wrong.go:27: package variable done holds a channel",
		"a/wrong.go:40: package variable count is written to",
		"a/wrong.go:41: package variable cache is written to",
		"a/wrong.go:42: package variable cache is written to",
		"a/wrong.go:43: package variable value can be written to",
		"a/wrong.go:44: package variable value is written to",
		"a/wrong.go:45: package variable value can be written to",
		"a/wrong.go:46: package variable array can be written to",
		"a/wrong.go:47: package variable Shared is written to",
		"a/wrong.go:48: package variable count is written to",
		"a/a_test.go:8: package variable hook is written to")
}

func TestGoroutines(t *testing.T) {
	files := map[string]string{
		"a/a.go":      "package a\n\nimport \"sync\"\n\nfunc f(g *sync.WaitGroup) {\n\tgo f(g)\n\tg.Go(func() { go f(g) })\n}\n",
		"b/b.go":      "package b\n\nfunc f() { go f() }\n",
		"b/b_test.go": "package b\n\nfunc g() { go f() }\n",
		"n/go.mod":    "module example.com/m/n\n\ngo 1.26\n",
		"n/n.go":      "package n\n\nfunc f() { go f() }\n",

		"curlewtest/c.go": "package curlewtest\n\nfunc f() { go f() }\n",
	}
	r := made(t, files)
	expect(t, checkGoroutines(r, typed(t, r))) // before there is a table

	files["ARCHITECTURE.md"] = `# Architecture

## 7. Goroutines and their owners

| File | Count | Owner |
|---|---:|---|
| ` + "`a/a.go`" + ` | 2 | f waits |
| ` + "`a/a.go`" + ` | 1 | the other one |
| ` + "`c/c.go`" + ` | 1 | gone |
| b/b.go | 1 | no backticks |

## Something else

| ` + "`b/b.go`" + ` | 1 | not in this table |
`
	r = made(t, files)
	expect(t, checkGoroutines(r, typed(t, r)),
		"ARCHITECTURE.md:10: this row is not",
		"b/b.go: the file has 1 go statements, the table in ARCHITECTURE.md says 0",
		"ARCHITECTURE.md: the table says that c/c.go has 1 go statements, but it has none")

	files["ARCHITECTURE.md"] = "# Architecture\n"
	files["b/b.go"] = "package b\n\nfunc f() {" + string(slices.Repeat([]byte("\n\tgo f()"), 18)) + "\n}\n"
	r = made(t, files)
	expect(t, checkGoroutines(r, typed(t, r)),
		".: the root module has 21 go statements, 20 at most",
		"ARCHITECTURE.md: there is no heading",
		"a/a.go: the file has 3", "b/b.go: the file has 18")
}
