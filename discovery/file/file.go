// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// maxSize bounds the size of a file.
const maxSize = 16 << 20

// Config is how files are watched. The zero Config is a good one.
type Config struct {
	// Poll is the time between two looks at a file: 1 second.
	Poll time.Duration
}

// Resolver is a [discovery.Resolver] for the scheme "file". It is safe for
// concurrent use.
type Resolver struct {
	poll time.Duration
}

// New returns a resolver. What is wrong with c is told by Watch.
func New(c Config) *Resolver {
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	return &Resolver{c.Poll}
}

// Scheme returns "file".
func (r *Resolver) Scheme() string { return "file" }

// Watch tells the endpoints in the target's file. A file that does not exist has
// none, until it has been read once.
func (r *Resolver) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	if r.poll < 0 {
		return nil, fmt.Errorf("file: Poll %v is negative", r.poll)
	}
	path, err := pathOf(t)
	if err != nil {
		return nil, fmt.Errorf("file: target %s: %w", t, err)
	}
	return func(yield func(discovery.Update, error) bool) {
		w := &watch{path: path}
		tick := time.NewTicker(r.poll)
		defer tick.Stop()
		for ctx.Err() == nil {
			if !w.look(yield) {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}, nil
}

func pathOf(t discovery.Target) (string, error) {
	path := filepath.FromSlash(t.Endpoint)
	switch {
	case strings.HasSuffix(t.Endpoint, "/"):
		return "", errors.New("this is a directory; write file:///path/to/file.json")
	case t.Authority == "." || t.Authority == "..":
		return filepath.Join(t.Authority, path), nil
	case t.Authority != "":
		return "", errors.New("there are three slashes before an absolute path, file:///etc/shop.json, and a dot before another, file://./shop.json")
	case filepath.VolumeName(path) != "":
		return path, nil
	}
	return string(filepath.Separator) + path, nil
}

// watch is what is known of one file.
type watch struct {
	path  string
	told  []discovery.Endpoint
	knows bool              // an update was told
	was   fs.FileInfo       // when the file was read last; nil if it is to be read
	sum   [sha256.Size]byte // of what was read last
	fails string            // the last error that was told; empty after a success
}

// look tells what has changed, and reports whether more is wanted.
func (w *watch) look(yield func(discovery.Update, error) bool) bool {
	endpoints, changed, err := w.read()
	switch {
	case err != nil:
		if !w.knows && errors.Is(err, fs.ErrNotExist) {
			w.knows = true
			if !yield(discovery.Update{}, nil) {
				return false
			}
		}
		if err.Error() == w.fails {
			return true
		}
		w.fails = err.Error()
		return yield(discovery.Update{}, err)
	case !changed:
		return true
	}
	again := w.fails != "" || !w.knows
	w.fails = ""
	if !again && slices.EqualFunc(w.told, endpoints, discovery.Endpoint.Equal) {
		return true
	}
	w.told, w.knows = endpoints, true
	return yield(discovery.Update{Endpoints: endpoints}, nil)
}

// lately is how long after a change another one may leave no trace in a file's
// time: file systems have clocks as coarse as 2 seconds.
const lately = 3 * time.Second

// read reads the file if it may have changed. What it finds counts as changed
// also after an error.
func (w *watch) read() (endpoints []discovery.Endpoint, changed bool, err error) {
	info, err := os.Stat(w.path)
	if err != nil {
		w.was = nil
		return nil, false, fmt.Errorf("file: %w", err)
	}
	if w.was != nil && os.SameFile(info, w.was) && info.Size() == w.was.Size() && info.ModTime().Equal(w.was.ModTime()) {
		return nil, false, nil
	}
	content, err := load(w.path, info)
	if err != nil {
		w.was = nil
		return nil, false, fmt.Errorf("file: %w", err)
	}
	sum := sha256.Sum256(content)
	same := sum == w.sum
	w.sum, w.was = sum, nil
	if age := time.Since(info.ModTime()); age > lately {
		w.was = info
	}
	if same && w.knows && w.fails == "" {
		return nil, false, nil
	}
	endpoints, err = parse(content)
	if err != nil {
		w.was = nil
		return nil, false, fmt.Errorf("file: %s:%w", w.path, err)
	}
	return endpoints, true, nil
}

// load reads a file of bounded size.
func load(path string, info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing was written
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, err
	case n > maxSize:
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxSize)
	}
	return b.Bytes(), nil
}
