// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package newcmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// modulePath returns the path of the module to be in a folder.
func (f *flags) modulePath(ctx context.Context, folder string) (string, error) {
	found, from := f.module, "--module"
	if found == "" {
		found, from = enclosing(folder), "the go.mod above it"
	}
	if found == "" {
		found, from = remote(ctx, folder), "the git remote"
	}
	if found == "" {
		found, from = "example.com/"+filepath.Base(folder), "the name"
	}
	if err := module.CheckImportPath(found); err != nil {
		return "", fmt.Errorf("the module's path, from %s: %w.\nGive another one by --module", from, err)
	}
	return found, nil
}

// enclosing returns the path that a folder has in the module around it, "" if
// there is none.
func enclosing(folder string) string {
	for dir := filepath.Dir(folder); ; dir = filepath.Dir(dir) {
		if name, err := moduleOf(filepath.Join(dir, "go.mod")); err == nil {
			return below(name, dir, folder)
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// below returns the path of a folder below one that has a path.
func below(name, dir, folder string) string {
	relative, err := filepath.Rel(dir, folder)
	if err != nil {
		return ""
	}
	return path.Join(name, filepath.ToSlash(relative))
}

// moduleOf returns the path of the module that a go.mod declares.
func moduleOf(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if name := modfile.ModulePath(text); name != "" {
		return name, nil
	}
	return "", errors.New("it declares no module")
}

// remote returns the path that a folder has below the git remote "origin", "" if
// there is none, or no git.
func remote(ctx context.Context, folder string) string {
	dir := filepath.Dir(folder)
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	top, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return ""
	}
	origin, err := exec.CommandContext(ctx, "git", "-C", dir, "remote", "get-url", "origin").Output()
	if err != nil {
		return ""
	}
	name := importPath(strings.TrimSpace(string(origin)))
	root := strings.TrimSpace(string(top))
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		folder = filepath.Join(resolved, strings.TrimPrefix(folder, dir))
	}
	if name == "" || !strings.HasPrefix(folder, root) {
		return ""
	}
	return below(name, root, folder)
}

// importPath returns the import path of a remote repository, "" for one that has
// no host: git@github.com:acme/shop.git is github.com/acme/shop.
func importPath(remote string) string {
	remote = strings.TrimSuffix(strings.TrimSuffix(remote, "/"), ".git")
	if u, err := url.Parse(remote); err == nil && u.Scheme != "" && u.Host != "" {
		return path.Join(u.Hostname(), u.Path)
	}
	host, rest, ok := strings.Cut(remote, ":")
	if !ok || strings.Contains(host, "/") {
		return ""
	}
	return path.Join(host[strings.LastIndexByte(host, '@')+1:], rest)
}
