// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mostGoroutines is how many go statements the root module may have.
const mostGoroutines = 20

const (
	architecture     = "ARCHITECTURE.md"
	goroutineHeading = "Goroutines and their owners"
)

// checkGoroutines compares the go statements of the root module's library code
// (sync.WaitGroup.Go is one, too) with the table that names their owners. The
// table stands under the heading "Goroutines and their owners" and begins with
// the columns file, count and owner:
//
//	| File | Count | Owner, and who waits |
//	|---|---|---|
//	| `dispatch/workers.go` | 1 | Pool; Close waits for all workers |
func checkGoroutines(r *repository, packages []typedPackage) []problem {
	counted, total := make(map[string]int), 0
	for _, p := range packages {
		if p.module.dir != "." || p.forTests() || strings.HasPrefix(p.rel, "cmd/") {
			continue
		}
		for _, f := range p.files {
			if n := goStatements(p, f); n > 0 && f.kind == library && !f.generated {
				counted[f.path] = n
				total += n
			}
		}
	}
	var problems []problem
	if total > mostGoroutines {
		problems = append(problems, problemf(".", "the root module has %d go statements, %d at most; let an owner that has a goroutine do the work", total, mostGoroutines))
	}
	text, err := os.ReadFile(filepath.Join(r.root, architecture))
	if os.IsNotExist(err) {
		return problems
	}
	if err != nil {
		return append(problems, problem(err.Error()))
	}
	listed, wrong := goroutineTable(string(text))
	problems = append(problems, wrong...)
	for _, path := range slices.Sorted(maps.Keys(counted)) {
		if counted[path] != listed[path] {
			problems = append(problems, problemf(path, "the file has %d go statements, the table in %s says %d; write there who owns each and who waits for it",
				counted[path], architecture, listed[path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(listed)) {
		if counted[path] == 0 {
			problems = append(problems, problemf(architecture, "the table says that %s has %d go statements, but it has none; correct the row", path, listed[path]))
		}
	}
	return problems
}

func goStatements(p typedPackage, f *file) int {
	count := 0
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			count++
		case *ast.SelectorExpr:
			if s := p.info.Selections[n]; s != nil {
				if fn, ok := s.Obj().(*types.Func); ok && fn.FullName() == "(*sync.WaitGroup).Go" {
					count++
				}
			}
		}
		return true
	})
	return count
}

var (
	headingLine = regexp.MustCompile(`^#+ +(.*?) *$`)
	tableRow    = regexp.MustCompile("^\\| *`([^`]+)` *\\| *([0-9]+) *\\| *([^|]+?) *\\|")
)

// goroutineTable returns the counts of the table by file.
func goroutineTable(text string) (map[string]int, []problem) {
	listed := make(map[string]int)
	var problems []problem
	inside, found, row := false, false, 0
	line := 0
	for text := range strings.Lines(text) {
		line++
		text = strings.TrimSpace(text)
		if m := headingLine.FindStringSubmatch(text); m != nil {
			inside, row = strings.HasSuffix(m[1], goroutineHeading), 0
			found = found || inside
			continue
		}
		if !inside || !strings.HasPrefix(text, "|") {
			continue
		}
		row++
		if row <= 2 { // the names of the columns, and the line below
			continue
		}
		m := tableRow.FindStringSubmatch(text)
		if m == nil {
			problems = append(problems, problemf(fmt.Sprintf("%s:%d", architecture, line), "this row is not \"| `path/file.go` | count | owner, and who waits |\""))
			continue
		}
		count, _ := strconv.Atoi(m[2])
		listed[m[1]] += count
	}
	if !found {
		problems = append(problems, problemf(architecture, "there is no heading %q with the table of go statements", goroutineHeading))
	}
	return listed, problems
}
