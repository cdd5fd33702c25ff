// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkListings compares each listing of Go code in README and docs with the
// code that it is cut from, or, if update is set, cuts it anew. Before the
// listing stands where it comes from:
//
//	<!-- from: examples/hello/server/main.go#serve -->
//	```go
//
// In that file the code stands between the lines "// [serve]" and "// [/serve]".
func checkListings(r *repository, update bool) []problem {
	var problems []problem
	for _, path := range documents(r.root) {
		text, err := os.ReadFile(filepath.Join(r.root, path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			problems = append(problems, problem(err.Error()))
			continue
		}
		cut, wrong := relist(path, string(text), func(file string) ([]byte, error) {
			return os.ReadFile(filepath.Join(r.root, file))
		})
		problems = append(problems, wrong...)
		switch {
		case cut == string(text):
		case update:
			if err := os.WriteFile(filepath.Join(r.root, path), []byte(cut), 0o644); err != nil {
				problems = append(problems, problem(err.Error()))
			}
		default:
			problems = append(problems, problemf(path, "listings differ from the code that they are cut from; run `make docs`\n%s", difference(string(text), cut)))
		}
	}
	return problems
}

// documents lists the files whose listings are cut from code.
func documents(root string) []string {
	paths := []string{"README.md", "README.zh-CN.md"}
	fs.WalkDir(os.DirFS(root), "docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return nil // without docs there are none in it
	})
	return paths
}

var (
	listingSource = regexp.MustCompile(`^<!-- from: ([^#\s]+\.go)#([a-z0-9-]+) -->$`)
	regionMark    = regexp.MustCompile(`^\s*// \[/?[a-z0-9-]+\]\s*$`)
)

// relist returns text with its Go listings cut anew.
func relist(path, text string, read func(file string) ([]byte, error)) (string, []problem) {
	var problems []problem
	var out []string
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		fence, ok := openFence(lines[i])
		if !ok {
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != fence.close {
			end++
		}
		body := lines[i+1 : min(end, len(lines))]
		if fence.language == "go" {
			listing, err := cutListing(lines[:i], read)
			if err != nil {
				problems = append(problems, problemf(fmt.Sprintf("%s:%d", path, i+1), "%v", err))
			} else {
				body = listing
			}
		}
		out = append(out, body...)
		if end < len(lines) {
			out = append(out, lines[end])
		}
		i = end
	}
	return strings.Join(out, "\n"), problems
}

// fence opens a block of code.
type fence struct{ language, close string }

func openFence(line string) (fence, bool) {
	line = strings.TrimSpace(line)
	language := strings.TrimLeft(line, "`")
	ticks := line[:len(line)-len(language)]
	if len(ticks) < 3 || strings.Contains(language, "`") {
		return fence{}, false
	}
	language, _, _ = strings.Cut(strings.TrimSpace(language), " ")
	return fence{language, ticks}, true
}

// cutListing returns the lines that a listing after the lines before must have.
func cutListing(before []string, read func(file string) ([]byte, error)) ([]string, error) {
	var last string
	for _, line := range slices.Backward(before) {
		if last = strings.TrimSpace(line); last != "" {
			break
		}
	}
	m := listingSource.FindStringSubmatch(last)
	if m == nil {
		return nil, errors.New("Go code in documentation is cut from code that compiles: put <!-- from: examples/path/file.go#region --> before this block, and run `make docs`")
	}
	source, err := read(m[1])
	if err != nil {
		return nil, err
	}
	lines, err := region(string(source), m[2])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m[1], err)
	}
	return lines, nil
}

// region returns the lines between the marks of a region, without the marks of
// others and without the tabs that all of them begin with.
func region(source, name string) ([]string, error) {
	var lines []string
	inside, closed := false, false
	for _, line := range strings.Split(source, "\n") {
		switch mark := strings.TrimSpace(line); {
		case mark == "// ["+name+"]" && (inside || closed):
			return nil, fmt.Errorf("there are two regions [%s]", name)
		case mark == "// ["+name+"]":
			inside = true
		case mark == "// [/"+name+"]" && inside:
			inside, closed = false, true
		case inside && !regionMark.MatchString(line):
			lines = append(lines, line)
		}
	}
	if !closed {
		return nil, fmt.Errorf("there are no lines // [%s] and // [/%s]", name, name)
	}
	return dedent(lines), nil
}

func dedent(lines []string) []string {
	least := -1
	for _, line := range lines {
		if tabs := len(line) - len(strings.TrimLeft(line, "\t")); line != "" && (least < 0 || tabs < least) {
			least = tabs
		}
	}
	for i, line := range lines {
		if line != "" {
			lines[i] = line[least:]
		}
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
