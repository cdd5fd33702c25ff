// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	modpath "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// layOut makes a file tree that works as a module proxy (see `go help goproxy`)
// and holds one version of each public module. It returns the tree's folder.
func layOut(root, temp string, modules []module) (proxy string, err error) {
	proxy = filepath.Join(temp, "proxy")
	for i, m := range modules {
		if !m.public {
			continue
		}
		copied := filepath.Join(temp, "modules", fmt.Sprint(i))
		if err := copyModule(filepath.Join(root, m.dir), copied, m, modules); err != nil {
			return "", err
		}
		if err := publish(m, copied, proxy); err != nil {
			return "", fmt.Errorf("%s: %w", m.path, err)
		}
	}
	return proxy, nil
}

// copyModule copies the files of m, go.mod as a release has it.
func copyModule(from, to string, m module, modules []module) error {
	for _, f := range m.files {
		content, err := os.ReadFile(filepath.Join(from, f))
		if err != nil {
			return err
		}
		if f == "go.mod" {
			if content, err = released(m, content, modules); err != nil {
				return err
			}
		}
		target := filepath.Join(to, f)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// publish puts the module in dir into the proxy.
func publish(m module, dir, proxy string) error {
	escaped, err := modpath.EscapePath(m.path)
	if err != nil {
		return err
	}
	goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	versions := filepath.Join(proxy, escaped, "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": fmt.Appendf(nil, `{"Version":%q}`, version),
		version + ".mod":  goMod,
	} {
		if err := os.WriteFile(filepath.Join(versions, name), content, 0o644); err != nil {
			return err
		}
	}
	archive, err := os.Create(filepath.Join(versions, version+".zip"))
	if err != nil {
		return err
	}
	defer archive.Close()
	if err := zip.CreateFromDir(archive, modpath.Version{Path: m.path, Version: version}, dir); err != nil {
		return err
	}
	return archive.Close()
}
