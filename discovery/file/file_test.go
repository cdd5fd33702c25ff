// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package file

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

// written is the JSON of endpoints.
func written(endpoints []discovery.Endpoint) []byte {
	type entry struct {
		Address string            `json:"address"`
		Weight  int               `json:"weight,omitempty"`
		Zone    string            `json:"zone,omitempty"`
		Version string            `json:"version,omitempty"`
		Labels  map[string]string `json:"labels,omitempty"`
	}
	entries := []entry{}
	for _, e := range endpoints {
		entries = append(entries, entry{e.Address, e.Weight, e.Zone, e.Version, e.Labels})
	}
	b, err := json.MarshalIndent(map[string]any{"endpoints": entries}, "", "  ")
	if err != nil {
		panic(err)
	}
	return b
}

// replace replaces a file as mv does.
func replace(t testing.TB, path string, content []byte) {
	assert.NoError(t, os.WriteFile(path+".new", content, 0o644))
	assert.NoError(t, os.Rename(path+".new", path))
}

func inPlace(t testing.TB, path string, content []byte) {
	assert.NoError(t, os.WriteFile(path, content, 0o644))
}

func targetOf(path string) discovery.Target {
	return discovery.Target{Scheme: "file", Endpoint: strings.TrimPrefix(filepath.ToSlash(path), "/")}
}

func TestConformance(t *testing.T) {
	for name, write := range map[string]func(testing.TB, string, []byte){"replaced": replace, "in place": inPlace} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := func(service string) string { return filepath.Join(dir, service+".json") }
			discoverytest.Run(t, discoverytest.Harness{
				Connect: func(testing.TB) discoverytest.Process {
					return discoverytest.Process{Resolver: New(Config{Poll: 10 * time.Millisecond})}
				},
				Set: func(t testing.TB, service string, endpoints []discovery.Endpoint) {
					write(t, path(service), written(endpoints))
				},
				Target:    func(service string) discovery.Target { return targetOf(path(service)) },
				Bad:       []discovery.Target{{Scheme: "file", Endpoint: "etc/"}, {Scheme: "file", Authority: "etc", Endpoint: "shop.json"}},
				MostDelta: -1, // a file is read whole
			})
		})
	}
}

// told is an update or an error.
type told struct {
	endpoints []discovery.Endpoint
	err       error
}

// follow watches a file.
func follow(t *testing.T, target discovery.Target) <-chan told {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	updates, err := New(Config{Poll: 5 * time.Millisecond}).Watch(ctx, target)
	assert.NoError(t, err)
	all, ended := make(chan told), make(chan struct{})
	go func() {
		defer close(ended)
		for u, err := range updates {
			select {
			case all <- told{u.Endpoints, err}:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return all
}

// A file that makes no sense, or is gone, leaves the last endpoints.
func TestBadFileKeepsTheLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.json")
	all := follow(t, targetOf(path))
	first := <-all
	assert.Equal(t, first, told{}, "nothing is known of a file that does not exist")
	missing := <-all
	assert.ErrorIs(t, missing.err, os.ErrNotExist)

	replace(t, path, []byte(`{"endpoints": [{"address": "a:1"}]}`))
	assert.Equal(t, <-all, told{endpoints: []discovery.Endpoint{{Network: "tcp", Address: "a:1"}}})
	replace(t, path, []byte("{\n  \"endpoints\": [\n    {\"address\": \"a:1\", \"weight\": -1}]}"))
	bad := <-all
	assert.Equal(t, bad.err.Error(), "file: "+path+":3:34: weight -1 is negative")
	replace(t, path, []byte("{\n  \"endpoints\": ["))
	assert.Contains(t, (<-all).err.Error(), path+":2:16: unexpected end of JSON input")
	assert.NoError(t, os.Remove(path))
	assert.ErrorIs(t, (<-all).err, os.ErrNotExist)
	replace(t, path, []byte(`{"endpoints": [{"address": "a:1"}]}`))
	assert.Equal(t, <-all, told{endpoints: []discovery.Endpoint{{Network: "tcp", Address: "a:1"}}}, "as before: it is known again")
	assert.NoError(t, os.Remove(path))
	assert.ErrorIs(t, (<-all).err, os.ErrNotExist)
	assert.NoError(t, os.Mkdir(path, 0o755))
	assert.Contains(t, (<-all).err.Error(), "is no regular file")
}

// A change is seen that leaves the file's size and time as they were.
func TestChangeWithoutTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.json")
	inPlace(t, path, []byte(`{"endpoints": [{"address": "a:1"}]}`))
	stamp := time.Now()
	assert.NoError(t, os.Chtimes(path, stamp, stamp))
	all := follow(t, targetOf(path))
	assert.Equal(t, (<-all).endpoints[0].Address, "a:1")
	inPlace(t, path, []byte(`{"endpoints": [{"address": "b:1"}]}`))
	assert.NoError(t, os.Chtimes(path, stamp, stamp))
	assert.Equal(t, (<-all).endpoints[0].Address, "b:1")
}

func TestSymbolicLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need rights on Windows")
	}
	dir := t.TempDir()
	replace(t, filepath.Join(dir, "1.json"), written([]discovery.Endpoint{{Address: "a:1"}}))
	replace(t, filepath.Join(dir, "2.json"), written([]discovery.Endpoint{{Address: "b:1"}}))
	link := filepath.Join(dir, "shop.json")
	assert.NoError(t, os.Symlink("1.json", link))
	all := follow(t, targetOf(link))
	assert.Equal(t, (<-all).endpoints[0].Address, "a:1")
	assert.NoError(t, os.Symlink("2.json", link+".new"))
	assert.NoError(t, os.Rename(link+".new", link))
	assert.Equal(t, (<-all).endpoints[0].Address, "b:1")
}

func TestPaths(t *testing.T) {
	for target, want := range map[string]string{
		"file:///etc/shop.json":    "/etc/shop.json",
		"file://./shop.json":       "shop.json",
		"file://../conf/shop.json": "../conf/shop.json",
	} {
		parsed, err := discovery.ParseTarget(target)
		assert.NoError(t, err)
		got, err := pathOf(parsed)
		assert.NoError(t, err)
		assert.Equal(t, filepath.ToSlash(got), want)
	}
	_, err := New(Config{Poll: -1}).Watch(t.Context(), discovery.Target{Scheme: "file", Endpoint: "x"})
	assert.Contains(t, err.Error(), "is negative")
}

func TestParse(t *testing.T) {
	got, err := parse([]byte(`{"endpoints": [
		{"labels": {"rack": "7", "": "x"}, "version": "v2", "zone": "a", "weight": 3, "address": "10.0.0.1:8080"},
		{"address": "unix:///run/shop.sock"}]}`))
	assert.NoError(t, err)
	assert.Equal(t, got, []discovery.Endpoint{
		{Network: "tcp", Address: "10.0.0.1:8080", Weight: 3, Zone: "a", Version: "v2", Labels: map[string]string{"rack": "7", "": "x"}},
		{Network: "unix", Address: "/run/shop.sock"},
	})
	for content, want := range map[string]string{
		"":                                      "1:1: the file is empty",
		" \n ":                                  "1:1: the file is empty",
		"{\n\"endpoints\" []}":                  "2:13: invalid character '['",
		"{\"endpoints\": []}\n\n x":             "3:2: invalid character 'x'",
		`[]`:                                    "1:1: the file must be an object",
		`{}`:                                    `1:1: "endpoints" is missing`,
		`{"hosts": []}`:                         `1:2: unknown field "hosts"`,
		`{"endpoints": [], "endpoints": []}`:    `1:19: the field "endpoints" is there twice`,
		`{"endpoints": {}}`:                     "1:15: endpoints must be an array",
		`{"endpoints": ["a:1"]}`:                "1:16: an endpoint must be an object",
		`{"endpoints": [{"weight": 1}]}`:        "1:16: an endpoint without an address",
		`{"endpoints": [{"address": "a"}]}`:     `1:28: address "a": missing port`,
		`{"endpoints": [{"address": 7}]}`:       "1:28: address must be a string",
		`{"endpoints": [{"zone": null}]}`:       "1:25: zone must be a string",
		`{"endpoints": [{"weight": "1"}]}`:      "1:27: weight must be a number",
		`{"endpoints": [{"weight": 1.5}]}`:      "1:27: weight 1.5 is no whole number",
		`{"endpoints": [{"weight": 1e99}]}`:     "1:27: weight 1e99 is no whole number",
		`{"endpoints": [{"labels": {"a": 1}}]}`: "1:33: the label a must be a string",
		`{"endpoints": [{"wieght": 1}]}`:        `1:17: unknown field "wieght"`,
		"{\"endpoints\": [{\"address\": \"a:1\"},\n  {\"address\": \"a:1\"}]}": `2:3: the address "a:1" is there twice`,
	} {
		_, err := parse([]byte(content))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", content, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"endpoints": [{"address": "a:1", "weight": 1, "zone": "z", "version": "v", "labels": {"a": "b"}}]}`))
	f.Add([]byte(`{"endpoints": [{"address": "unix:///x"}, {"address": "[::1]:80"}]}`))
	f.Add([]byte(`{"endpoints": [`))
	f.Add([]byte("{\n\"endpoints\": [{\"labels\": {\"a\": [[[]]]}}]}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		endpoints, err := parse(content)
		if err != nil {
			if line, rest, ok := strings.Cut(err.Error(), ":"); !ok || line == "" || !strings.Contains(rest, ": ") {
				t.Errorf("the error does not begin with line and column: %v", err)
			}
			return
		}
		for _, e := range endpoints {
			if err := e.Check(); err != nil {
				t.Error(err)
			}
		}
	})
}
