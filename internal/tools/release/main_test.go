// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes a git work tree of two public modules and a private one.
// Nothing outside it is needed, so the test needs no network.
func repository(t *testing.T, changes map[string]string) string {
	t.Helper()
	files := map[string]string{
		".gitignore": "/ignored/\n",
		"go.mod":     "module example.com/bird\n\ngo 1.26\n",
		"bird.go":    "package bird\n\nconst Call = \"curlew\"\n",
		// Were it released, nothing would compile.
		"ignored/ignored.go": "not Go",
		"contrib/nest/go.mod": "module example.com/bird/contrib/nest\n\ngo 1.26\n\n" +
			"require example.com/bird v0.0.0\n\nreplace example.com/bird => ../..\n",
		"contrib/nest/nest.go":           "package nest\n\nimport \"example.com/bird\"\n\nconst Heard = bird.Call\n",
		"contrib/nest/cmd/nestd/main.go": "package main\n\nimport \"example.com/bird/contrib/nest\"\n\nfunc main() { println(nest.Heard) }\n",
		"examples/go.mod":                "module example.com/bird/examples\n\ngo 1.26\n",
		"examples/broken.go":             "not Go, but not released",
	}
	for path, content := range changes {
		files[path] = content
	}
	root := t.TempDir()
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	return root
}

// check does what run does, but for the first program, which needs Curlew.
func check(t *testing.T, root string) error {
	t.Helper()
	modules, err := findModules(t.Context(), root)
	if err != nil {
		return err
	}
	temp := t.TempDir()
	proxy, err := layOut(root, temp, modules)
	if err != nil {
		return err
	}
	u, err := newUser(t.Context(), temp, proxy)
	if err != nil {
		return err
	}
	u.env = append(u.env, "GONOSUMDB=example.com/*")
	for _, m := range modules {
		if m.public {
			if err := u.try(t.Context(), m.path); err != nil {
				return err
			}
		}
	}
	if _, err := os.Stat(filepath.Join(u.bin, "nestd")); err != nil {
		t.Errorf("the command was not installed: %v", err)
	}
	return nil
}

func TestModulesThatUsersCanInstall(t *testing.T) {
	if err := check(t, repository(t, nil)); err != nil {
		t.Error(err)
	}
}

func TestModulesThatUsersCannotInstall(t *testing.T) {
	const nest = "module example.com/bird/contrib/nest\n\ngo 1.26\n\nrequire example.com/bird v0.0.0\n\n"
	for name, test := range map[string]struct{ path, content, want string }{
		"does not compile": {"wing/wing.go", "package wing\n\nvar x int = \"\"\n", "go build example.com/bird/..."},
		"private module": {"contrib/nest/go.mod", nest + "require example.com/bird/examples v0.0.0\n",
			"requires example.com/bird/examples, which is not released"},
		"foreign replacement": {"contrib/nest/go.mod", nest + "replace example.com/bird => example.com/fork v1.0.0\n",
			"users do not get a replacement"},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, repository(t, map[string]string{test.path: test.content}))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q in it", err, test.want)
			}
		})
	}
}
