// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// An editor saves a file in several steps; settle is how long they may take.
const settle = 100 * time.Millisecond

// watch generates now and whenever a .proto file or the configuration is saved,
// until ctx ends.
func (c *command) watch(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	defer w.Close()
	timer := time.NewTimer(0) // the first time at once
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("--watch: %w", err)
		case event := <-w.Events:
			if event.Has(fsnotify.Create) {
				// A new folder, perhaps with files in it already.
				if err := watchFolder(w, event.Name); err != nil {
					return fmt.Errorf("--watch: %w", err)
				}
			}
			if c.concerns(event) {
				timer.Reset(settle)
			}
		case <-timer.C:
			// First, so that what is saved while it runs is not missed.
			if err := c.watchInputs(w); err != nil {
				return fmt.Errorf("--watch: %w", err)
			}
			if err := c.run(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintf(c.env.Err, "curlew: %v\n", err)
			}
			if !c.env.Quiet {
				fmt.Fprintln(c.env.Err, "waiting for changes; Ctrl-C ends")
			}
		}
	}
}

// concerns tells whether a change can mean other code.
func (c *command) concerns(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	name := filepath.Base(event.Name)
	config := configName
	if c.flags.config != "" {
		config = filepath.Base(c.flags.config)
	}
	// A folder that was made, renamed or removed has files perhaps.
	return filepath.Ext(name) == ".proto" || name == config || filepath.Ext(name) == "" && !strings.HasPrefix(name, ".")
}

// watchInputs watches the folders of what is read now.
func (c *command) watchInputs(w *fsnotify.Watcher) error {
	folders := []string{"."}
	if c.flags.config != "" {
		folders[0] = filepath.Dir(c.flags.config)
	}
	if s, err := c.settings(); err == nil {
		folders = append(folders, s.ImportPaths...)
		for _, in := range s.Inputs {
			if filepath.Ext(in) == ".proto" {
				in = filepath.Dir(in)
			}
			folders = append(folders, in)
		}
	}
	for _, dir := range folders {
		if err := watchFolder(w, dir); err != nil {
			return err
		}
	}
	return nil
}

// watchFolder watches a folder and those below it. What is gone, or no folder, is
// none of its business.
func watchFolder(w *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if !d.IsDir() {
			return nil
		}
		if path != dir && protofiles.Skipped(d.Name()) {
			return fs.SkipDir
		}
		if err := w.Add(path); errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("%w: this machine watches as many folders as it may; name fewer, or raise fs.inotify.max_user_watches", err)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
