// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// What is read of a revision is bounded.
const (
	maxRevisionFiles = 50_000
	maxRevisionBytes = 256 << 20
)

// revision reads a file or folder of a git revision. As for git, a path that
// starts with ./ or ../ is relative to the working folder, another one to the
// repository's top. All .proto files of the revision are there to be imported.
// Nothing is written into the repository or its work tree.
func (l *loader) revision(ctx context.Context, rev, name string) (*version, error) {
	label := rev + ":" + name
	if strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("%s: %q is no revision", label, rev)
	}
	top, err := git(ctx, "", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%s: to read a revision, run this in a folder of its git repository: %w", label, err)
	}
	top = strings.TrimSuffix(top, "\n")
	inside, err := insideTop(top, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	dir, err := os.MkdirTemp("", "curlew-check-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := extract(ctx, top, rev, dir); err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	at := filepath.Join(dir, filepath.FromSlash(inside))
	if _, err := os.Stat(at); err != nil {
		return nil, fmt.Errorf("%s: %s has no .proto file %s, nor a folder with one; a path is relative to the repository's top unless it starts with ./", label, rev, inside)
	}
	var importPaths []string
	for _, p := range l.importPaths {
		if in, err := insideTop(top, "./"+p); err == nil && !filepath.IsAbs(p) {
			p = filepath.Join(dir, filepath.FromSlash(in))
		}
		importPaths = append(importPaths, p)
	}
	readable := func(text string) string {
		return strings.ReplaceAll(text, filepath.ToSlash(dir)+"/", rev+":")
	}
	result, err := compile(ctx, at, importPaths)
	if err != nil {
		return nil, errors.New(readable(err.Error()))
	}
	show := displayPath(result)
	return &version{name: label, set: result.Named, display: func(file string) string { return readable(show(file)) }}, nil
}

// insideTop returns a path relative to the repository's top.
func insideTop(top, name string) (string, error) {
	if name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		abs, err := filepath.Abs(filepath.FromSlash(name))
		if err != nil {
			return "", err
		}
		if real, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			abs = filepath.Join(real, filepath.Base(abs))
		}
		rel, err := filepath.Rel(top, abs)
		if err != nil {
			return "", err
		}
		name = filepath.ToSlash(rel)
	}
	name = path.Clean("/" + name)[1:]
	if name == "" {
		name = "."
	}
	return name, nil
}

// blob is a file of a revision.
type blob struct{ id, path string }

// extract writes a revision's .proto files to a folder.
func extract(ctx context.Context, top, rev, dir string) error {
	tree, err := git(ctx, top, "ls-tree", "-r", "-z", "--full-tree", rev)
	if err != nil {
		return fmt.Errorf("%w; git branch -a and git tag list what there is (a shallow clone lacks the rest: git fetch origin %s)", err, rev)
	}
	var blobs []blob
	for entry := range strings.SplitSeq(tree, "\x00") {
		meta, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(meta)
		if len(fields) != 3 || !strings.HasPrefix(fields[0], "100") || path.Ext(name) != ".proto" || !filepath.IsLocal(name) {
			continue // no plain file, or no .proto file
		}
		if len(blobs) == maxRevisionFiles {
			return fmt.Errorf("the revision has more than %d .proto files", maxRevisionFiles)
		}
		blobs = append(blobs, blob{fields[2], name})
	}
	var ids bytes.Buffer
	for _, b := range blobs {
		fmt.Fprintln(&ids, b.id)
	}
	cmd := exec.CommandContext(ctx, "git", "-C", top, "cat-file", "--batch")
	cmd.Stdin = &ids
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = writeBlobs(bufio.NewReader(out), blobs, dir)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	if wait := cmd.Wait(); err == nil && wait != nil {
		err = fmt.Errorf("git cat-file: %w", wait)
	}
	return err
}

// writeBlobs reads what git cat-file --batch prints.
func writeBlobs(r *bufio.Reader, blobs []blob, dir string) error {
	total := 0
	for _, b := range blobs {
		head, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		fields := strings.Fields(head)
		if len(fields) != 3 || fields[0] != b.id {
			return fmt.Errorf("git does not have the content of %s: %s", b.path, strings.TrimSpace(head))
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size < 0 || size > maxRevisionBytes-total {
			return fmt.Errorf("the revision's .proto files have more than %d MiB", maxRevisionBytes>>20)
		}
		total += size
		if err := writeBlob(io.LimitReader(r, int64(size)), size, filepath.Join(dir, filepath.FromSlash(b.path))); err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
		if _, err := r.Discard(1); err != nil { // a line end
			return fmt.Errorf("git cat-file: %w", err)
		}
	}
	return nil
}

func writeBlob(r io.Reader, size int, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, r)
	if err == nil && n < int64(size) {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, file.Close())
}

// git returns what a git command prints.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", errors.New("git is not installed, and is needed to read a revision")
		}
		if text := strings.TrimSpace(errs.String()); text != "" {
			return "", errors.New(strings.TrimPrefix(text, "fatal: "))
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.String(), nil
}
