// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"encoding/json"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are the modules that the root module may require.
var allowed = []string{"google.golang.org/protobuf", "golang.org/x/net"}

// generates is that of them whose version generated code depends on. Others may
// be newer in a module whose other requirements ask for that.
const generates = "google.golang.org/protobuf"

// goMod is what `go mod edit -json` prints, as far as it matters here.
type goMod struct {
	Go      string
	Require []struct{ Path, Version string }
	Replace []struct {
		Old struct{ Path string }
		New struct{ Path string }
	}
	Tool []struct{ Path string }
}

func (g goMod) version(module string) string {
	for _, required := range g.Require {
		if required.Path == module {
			return required.Version
		}
	}
	return ""
}

func checkRequirements(r *repository) []problem {
	var problems []problem
	var root goMod
	for i, m := range r.modules {
		where := path.Join(m.dir, "go.mod")
		cmd := exec.Command("go", "mod", "edit", "-json")
		cmd.Dir = filepath.Join(r.root, m.dir)
		out, err := cmd.Output()
		if err != nil {
			problems = append(problems, problemf(where, "go mod edit: %v", err))
			continue
		}
		var mod goMod
		if err := json.Unmarshal(out, &mod); err != nil {
			problems = append(problems, problemf(where, "%v", err))
			continue
		}
		if i == 0 {
			root = mod
			problems = append(problems, rootProblems(where, mod)...)
		} else {
			problems = append(problems, nestedProblems(where, r.modules[0].path, root, mod)...)
		}
	}
	return problems
}

func rootProblems(where string, mod goMod) []problem {
	var problems []problem
	for _, required := range mod.Require {
		if !slices.Contains(allowed, required.Path) {
			problems = append(problems, problemf(where, "the root module must not require %s; what needs it belongs into a module of its own", required.Path))
		}
	}
	if len(mod.Replace) > 0 || len(mod.Tool) > 0 {
		problems = append(problems, problemf(where, "the root module has no replacements, and its tools stand in internal/tools/go.mod"))
	}
	return problems
}

func nestedProblems(where, rootPath string, root, mod goMod) []problem {
	var problems []problem
	if release(mod.Go) != release(root.Go) {
		problems = append(problems, problemf(where, "is for go %s, the root module for go %s; use one version", mod.Go, root.Go))
	}
	for _, replaced := range mod.Replace {
		own := replaced.Old.Path == rootPath || strings.HasPrefix(replaced.Old.Path, rootPath+"/")
		if !own || !strings.HasPrefix(replaced.New.Path, ".") {
			problems = append(problems, problemf(where, "replaces %s by %s; only modules of this repository may be replaced, by a relative path",
				replaced.Old.Path, replaced.New.Path))
		}
	}
	if a, b := root.version(generates), mod.version(generates); a != "" && b != "" && a != b {
		problems = append(problems, problemf(where, "requires %s %s, the root module %s; use one version, so that generated code fits both", generates, b, a))
	}
	return problems
}

// release cuts a Go version to its release: 1.26.1 to 1.26.
func release(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
