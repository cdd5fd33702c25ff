// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// result is what the command did.
type result struct {
	status   int
	out, err string
}

// check runs curlew check.
func check(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs}
	status := run(t.Context(), env, args...)
	return result{status, out.String(), errs.String()}
}

func run(ctx context.Context, env *cli.Env, args ...string) int {
	return env.Run(ctx, env.Root("curlew", "", checkcmd.New(env)), append([]string{"check"}, args...))
}

const (
	head = "syntax = \"proto3\";\npackage shop.v1;\n"
	v1   = head + "message Item {\n  string sku = 1;\n  int32 count = 2;\n}\n"
	// v2 breaks the wire, v3 JSON, v4 source only, v5 nothing.
	v2 = head + "message Item {\n  string sku = 1;\n}\n"
	v3 = head + "message Item {\n  string article = 1;\n  int32 count = 2;\n}\n"
	v4 = head + "message Item {\n  string sku = 1;\n  optional int32 count = 2;\n}\n"
	v5 = head + "message Item {\n  string sku = 1;\n  int32 count = 2;\n  int32 size = 3;\n}\n"
)

// files writes files below a new folder and goes there.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		write(t, filepath.Join(dir, name), text)
	}
	t.Chdir(dir)
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func versions(t *testing.T) {
	t.Helper()
	files(t, map[string]string{"1.proto": v1, "2.proto": v2, "3.proto": v3, "4.proto": v4, "5.proto": v5})
}

func TestText(t *testing.T) {
	versions(t)
	got := check(t, "1.proto", "2.proto")
	want := `2.proto:3:1: wire: field 2 "count" of shop.v1.Item is gone and neither its number nor its name is reserved; a later field would read its values (field-removed)
	was: 1.proto:5:3
	do:  add ` + "`reserved 2; reserved \"count\";`" + ` to the message, or keep the field, marked as deprecated
`
	if got.status != 1 || got.out != want || got.err != "1 finding\n" {
		t.Errorf("got %+v\nwant %s", got, want)
	}
}

func TestLevels(t *testing.T) {
	versions(t)
	for _, test := range []struct {
		new                string
		wire, json, source int // the exit statuses
	}{
		{"1.proto", 0, 0, 0},
		{"2.proto", 1, 1, 1},
		{"3.proto", 0, 1, 1},
		{"4.proto", 0, 0, 1},
		{"5.proto", 0, 0, 0},
	} {
		for level, want := range map[string]int{"wire": test.wire, "json": test.json, "source": test.source} {
			got := check(t, "--level", level, "1.proto", test.new)
			if got.status != want {
				t.Errorf("%s at the level %s: status %d, want %d\n%s", test.new, level, got.status, want, got.out)
			}
			if (got.out == "") != (want == 0) {
				t.Errorf("%s at the level %s printed %q", test.new, level, got.out)
			}
		}
	}
	if got := check(t, "1.proto", "4.proto"); got.err != "4.proto is compatible with 1.proto at the level json; 1 below the level json (--level source shows all)\n" {
		t.Errorf("the summary is %q", got.err)
	}
	if got := check(t, "--quiet", "1.proto", "4.proto"); got != (result{}) {
		t.Errorf("with --quiet: %+v", got)
	}
}

func TestJSON(t *testing.T) {
	versions(t)
	for _, flag := range []string{"--json", "--format=json"} {
		got := check(t, flag, "1.proto", "2.proto")
		var doc struct {
			Old, New, Level string
			Compatible      bool
			Findings        []struct {
				Rule, Severity, Element, Reason, Fix string
				Old, New                             struct {
					File         string
					Line, Column int
				}
			}
		}
		if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
			t.Fatalf("%s: %v in %s", flag, err, got.out)
		}
		if got.status != 1 || got.err != "" || doc.Compatible || doc.Level != "json" || len(doc.Findings) != 1 {
			t.Fatalf("%s: %+v", flag, got)
		}
		f := doc.Findings[0]
		if f.Rule != "field-removed" || f.Severity != "wire" || f.Element != "shop.v1.Item.count" ||
			f.Old.Line != 5 || f.New.Line != 3 || f.New.File != "2.proto" || f.Reason == "" || f.Fix == "" {
			t.Errorf("%s: %+v", flag, f)
		}
	}
	if got := check(t, "--json", "1.proto", "5.proto"); got.status != 0 || !strings.Contains(got.out, `"findings": []`) {
		t.Errorf("without findings: %+v", got)
	}
}

func TestGitHub(t *testing.T) {
	files(t, map[string]string{"old/a,b.proto": v1, "new/a,b.proto": v2})
	got := check(t, "--format", "github", "old", "new")
	want := "::error file=new/a%2Cb.proto,line=3,col=1,title=field-removed (wire)::field 2 \"count\" of shop.v1.Item is gone and neither its number nor its name is reserved; " +
		"a later field would read its values%0ADo: add `reserved 2; reserved \"count\";` to the message, or keep the field, marked as deprecated\n"
	if got.status != 1 || got.out != want {
		t.Errorf("got %+v\nwant %s", got, want)
	}
}

func TestIgnore(t *testing.T) {
	files(t, map[string]string{"old/shop/v1/item.proto": v1, "new/shop/v1/item.proto": v2})
	for ignore, status := range map[string]int{
		"field-removed":      0,
		"field-renamed":      1,
		"shop/v1/item.proto": 0,
		"item.proto":         0,
		"shop/v1":            0,
		"./new/":             0,
		"shop/v2":            1,
		"tem.proto":          1,
		"shop.v1":            0,
		"shop.v1.Item":       0,
		"shop.v1.Item.count": 0,
		"shop.v1.It":         1,
		"shop.v1.Item.sku":   1,
	} {
		if got := check(t, "--ignore", ignore, "old", "new"); got.status != status {
			t.Errorf("--ignore %s: status %d, want %d\n%s", ignore, got.status, status, got.out)
		} else if status == 0 && !strings.Contains(got.err, "1 ignored") {
			t.Errorf("--ignore %s: the summary is %q", ignore, got.err)
		}
	}
}

func TestRules(t *testing.T) {
	if got := check(t, "--rules"); got.status != 0 || !strings.Contains(got.out, "field-removed") {
		t.Errorf("%+v", got)
	}
	var all []struct{ ID, What, Worst string }
	if err := json.Unmarshal([]byte(check(t, "--rules", "--json").out), &all); err != nil || len(all) < 30 {
		t.Errorf("%v: %+v", err, all)
	}
}

// TestRefused has what ends with status 2, and what the error must say.
func TestRefused(t *testing.T) {
	files(t, map[string]string{
		"1.proto":     v1,
		"bad.proto":   head + "message {\n",
		"lost.proto":  head + "import \"shop/v1/money.proto\";\n",
		"empty/a.txt": "",
		"set.binpb":   "this is no descriptor set",
	})
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"no arguments", "See 'curlew check --help'", nil},
		{"one argument", "--against REVISION", []string{"1.proto"}},
		{"two arguments with --against", "one argument", []string{"--against", "HEAD", "1.proto", "1.proto"}},
		{"level", "wire, json and source", []string{"--level", "file", "1.proto", "1.proto"}},
		{"format", "text, json or github", []string{"--format", "xml", "1.proto", "1.proto"}},
		{"rule", "Did you mean field-removed", []string{"--ignore", "field-remove", "1.proto", "1.proto"}},
		{"flag", "See 'curlew check --help'", []string{"--nope"}},
		{"no such file", "HOST:PORT", []string{"nope", "1.proto"}},
		{"syntax error", "bad.proto:3:9", []string{"1.proto", "bad.proto"}},
		{"import", "shop/v1/money.proto", []string{"1.proto", "lost.proto"}},
		{"empty folder", "no .proto file", []string{"empty", "1.proto"}},
		{"no descriptor set", "no descriptor set", []string{"set.binpb", "1.proto"}},
		{"no server", "127.0.0.1:1", []string{"127.0.0.1:1", "1.proto"}},
		{"protocol without reflection", "use another one", []string{"--protocol", "jsonrpc", "127.0.0.1:1", "1.proto"}},
		{"no repository", "its git repository", []string{"HEAD:proto", "1.proto"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := check(t, test.args...)
			if got.status != cli.UsageStatus || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("%+v\nwant %q", got, test.want)
			}
		})
	}
}

// full is a disk with no room left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputFails(t *testing.T) {
	versions(t)
	var errs bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: full{}, Err: &errs}
	if status := run(t.Context(), env, "1.proto", "2.proto"); status != 2 || !strings.Contains(errs.String(), "no space left") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}

func TestColour(t *testing.T) {
	versions(t)
	var out bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: io.Discard, Color: true}
	run(t.Context(), env, "1.proto", "2.proto")
	if !strings.Contains(out.String(), "\x1b[31mwire\x1b[0m") {
		t.Errorf("%q", out.String())
	}
}
