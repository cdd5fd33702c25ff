// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var errFull = errors.New("no space left on device")

// smallDisk has room for some bytes, and may refuse a rename.
type smallDisk struct {
	room    int
	renames int // that work
}

type smallFile struct {
	io.WriteCloser
	disk *smallDisk
}

func (f smallFile) Write(p []byte) (int, error) {
	n := min(len(p), f.disk.room)
	f.disk.room -= n
	written, err := f.WriteCloser.Write(p[:n])
	if err == nil && n < len(p) {
		err = errFull
	}
	return written, err
}

func (s *smallDisk) disk() disk {
	return disk{
		create: func(path string, mode fs.FileMode) (io.WriteCloser, error) {
			f, err := systemDisk.create(path, mode)
			return smallFile{f, s}, err
		},
		rename: func(from, to string) error {
			if s.renames == 0 {
				s.renames-- // the next ones, which put things back, work
				return errFull
			}
			s.renames--
			return os.Rename(from, to)
		},
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all[path] = "a folder"
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAllOrNone fails at every byte and at every rename.
func TestAllOrNone(t *testing.T) {
	const before, after = "what was there", "what is to be there"
	prepare := func(t *testing.T) (string, []output) {
		dir := t.TempDir()
		var outputs []output
		for _, name := range []string{"a.go", "new.go", "x/y/z.go", "b.go"} {
			o := output{path: filepath.Join(dir, name), content: []byte(after)}
			if len(name) == len("a.go") {
				o.before = []byte(before)
				if err := os.WriteFile(o.path, o.before, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			outputs = append(outputs, o)
		}
		return dir, outputs
	}
	check := func(t *testing.T, s *smallDisk) {
		dir, outputs := prepare(t)
		was := contents(t, dir)
		err := s.disk().write(outputs)
		if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "nothing was written: ") {
			t.Errorf("%+v: got %v", s, err)
		}
		if is := contents(t, dir); !maps.Equal(was, is) {
			t.Errorf("%+v: there is %v, was %v", s, is, was)
		}
	}
	for room := range 4 * len(after) {
		check(t, &smallDisk{room: room, renames: -1})
	}
	for renames := range 4 {
		check(t, &smallDisk{room: 1000, renames: renames})
	}

	dir, outputs := prepare(t)
	if err := systemDisk.write(outputs); err != nil {
		t.Fatal(err)
	}
	for path, content := range contents(t, dir) {
		if content != "a folder" && content != after {
			t.Errorf("%s has %q", path, content)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "a.go"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestNoFolder cannot make a folder, as there is a file.
func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	was := contents(t, dir)
	err := systemDisk.write([]output{
		{path: filepath.Join(dir, "new", "a.go")},
		{path: filepath.Join(dir, "x", "y", "b.go")},
	})
	if err == nil {
		t.Error("no error")
	}
	if is := contents(t, dir); !maps.Equal(was, is) {
		t.Errorf("there is %v", is)
	}
}

func TestWithName(t *testing.T) {
	for path, want := range map[string]string{
		"example.com/shop":         "example.com/shop",
		"example.com/shop/v1":      "example.com/shop/v1;shopv1",
		"example.com/shop/v2beta1": "example.com/shop/v2beta1;shopv2beta1",
		"example.com/my-shop":      "example.com/my-shop;myshop",
		"example.com/go.shop/v1":   "example.com/go.shop/v1;goshopv1",
		"example.com/Shop":         "example.com/Shop;shop",
		"example.com/9":            "example.com/9;pb9",
	} {
		if got := withName(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// FuzzConfig reads configurations, which must be refused or understood.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("inputs: [a]\noptions: {paths: import, mappings: {a: b}}\nplugins: {go: true}\n"))
	f.Add([]byte("inputs: a\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("[]"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s := &settings{file: configName}
		if err := s.parse(content); err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		s.rebase("sub")
	})
}
