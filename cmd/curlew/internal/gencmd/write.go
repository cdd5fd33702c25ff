// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// disk writes files. Its functions are those of package os; tests have others.
type disk struct {
	create func(path string, mode fs.FileMode) (io.WriteCloser, error) // which must not be there
	rename func(from, to string) error
}

var systemDisk = disk{
	create: func(path string, mode fs.FileMode) (io.WriteCloser, error) {
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	},
	rename: os.Rename,
}

// write writes all files or, if one cannot be written, none. Each is written
// beside its place first, so that no file is ever half there.
func (d disk) write(outputs []output) (err error) {
	var undo []func() error // in order of what was done
	defer func() {
		if err == nil {
			return
		}
		for i := len(undo) - 1; i >= 0; i-- {
			err = errors.Join(err, undo[i]())
		}
	}()
	staged := make([]string, len(outputs))
	for i, o := range outputs {
		made, err := makeFolder(filepath.Dir(o.path))
		for _, dir := range made {
			undo = append(undo, func() error { return os.Remove(dir) })
		}
		if err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
		staged[i], err = d.stage(o)
		if staged[i] != "" {
			undo = append(undo, func() error { return removeIfThere(staged[i]) })
		}
		if err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
	}
	for i, o := range outputs {
		if err := d.rename(staged[i], o.path); err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
		undo = append(undo, func() error { return d.restore(o) })
	}
	return nil
}

// stage writes a file beside its place and returns where, even with an error, if
// there is something to remove.
func (d disk) stage(o output) (string, error) {
	mode := fs.FileMode(0o666) // less the umask
	if info, err := os.Stat(o.path); err == nil {
		mode = info.Mode().Perm()
	}
	for n := range 1000 {
		path := o.path + ".tmp" + strconv.Itoa(n)
		f, err := d.create(path, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(o.content)
		return path, errors.Join(err, f.Close())
	}
	return "", fmt.Errorf("%s has a thousand temporary files beside it; remove %s.tmp*", o.path, o.path)
}

// restore puts back what was there before.
func (d disk) restore(o output) error {
	if o.before == nil {
		return removeIfThere(o.path)
	}
	path, err := d.stage(output{path: o.path, content: o.before})
	if err == nil {
		err = d.rename(path, o.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s is not what it was: %w", o.path, err), removeIfThere(path))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); path != "" && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeFolder makes a folder and those above it, and returns those that it made.
func makeFolder(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if above := filepath.Dir(dir); above != dir {
		if made, err = makeFolder(above); err != nil {
			return made, err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return made, err
	}
	return append(made, dir), nil
}
