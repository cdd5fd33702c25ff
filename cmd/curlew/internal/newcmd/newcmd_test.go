// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package newcmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/client"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/newcmd"
)

// source is the root of Curlew's source.
const source = "../../../.."

// run runs the command and returns its exit status and what it printed.
func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs}
	status = env.Run(t.Context(), env.Root("curlew", "", newcmd.New(env)), append([]string{"new"}, args...))
	return status, out.String(), errs.String()
}

// command runs a program in a folder, which must succeed.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestMade makes services of both kinds and does with them what their README
// says.
func TestMade(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		files   []string
		method  string
		printed string
	}{
		"shop-cart-service": {
			files:   []string{"shopcartservice.go", "shopcartservice_test.go", "proto/shopcartservice/v1/shopcartservice.proto"},
			method:  "shopcartservice.v1.ShopCart/Greet",
			printed: "Hello, Ada!\n3\n2\n1\n0\n",
		},
		"context": {args: []string{"--plain"}, files: []string{"context.go"}, method: "Context/Greet", printed: "Hello, Ada!\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "services", name)
			status, out, errs := run(t, append(c.args, dir, "--replace", source)...)
			if status != 0 || !strings.Contains(out, "module example.com/"+name) || !strings.Contains(out, "curlew call localhost:8080 "+c.method) {
				t.Fatalf("the exit status is %d\n%s%s", status, out, errs)
			}
			for _, f := range append(c.files, "go.mod", "go.sum", "Makefile", "Dockerfile", "README.md", ".gitignore", "cmd/server/main.go", "cmd/client/main.go") {
				if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
					t.Error(err)
				}
			}
			if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
				t.Errorf("there are %v, want the new folder alone", left)
			}
			command(t, dir, "go", "vet", "./...")
			command(t, dir, "go", "test", "./...")
			command(t, dir, "go", "build", "-o", "bin/", "./cmd/...")
			address := start(t, filepath.Join(dir, "bin", "server"))
			if got := command(t, dir, "bin/client", "-address", address); got != c.printed {
				t.Errorf("the client prints %q, want %q", got, c.printed)
			}
			reply, err := http.Post("http://"+address+"/"+c.method, "application/json", strings.NewReader(`{"name":"Grace"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			if body, err := io.ReadAll(reply.Body); err != nil || string(body) != `{"text":"Hello, Grace!"}` {
				t.Errorf("by HTTP the answer is %s, %v", body, err)
			}
		})
	}
}

// TestBinary makes a service with the program itself, and generates its code
// again, which changes nothing.
func TestBinary(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "curlew")
	command(t, ".", "go", "build", "-o", program, "../..")
	root, err := filepath.Abs(source)
	if err != nil {
		t.Fatal(err)
	}
	if out := command(t, dir, program, "new", "greeter", "--replace", root); !strings.Contains(out, "cd greeter\n") {
		t.Errorf("the command says\n%s", out)
	}
	command(t, filepath.Join(dir, "greeter"), program, "gen", "--check")
	again := exec.CommandContext(t.Context(), program, "new", "greeter", "--replace", root)
	again.Dir = dir
	if out, err := again.CombinedOutput(); err == nil || again.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "not empty") {
		t.Errorf("once more it says %v\n%s", err, out)
	}
}

// start starts a server and returns its address. It ends with the test, in order.
func start(t *testing.T, program string) string {
	t.Helper()
	cmd := exec.Command(program, "-listen", "127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(log)
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		rest, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v\n%s", err, rest)
		}
	})
	line, err := lines.ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(line), "serving at ")
	if err != nil || !ok {
		t.Fatalf("the server says %q, %v", line, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := client.New(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	return address
}

func TestNotEmpty(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(filepath.Dir(dir), "x"+filepath.Base(dir))
	if err := os.Rename(dir, named); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(named) })
	status, _, errs := run(t, named, "--replace", source)
	if status != 1 || !strings.Contains(errs, "not empty") || !strings.Contains(errs, "Give another name") {
		t.Errorf("the exit status is %d\n%s", status, errs)
	}
	if left, _ := os.ReadDir(named); len(left) != 1 {
		t.Errorf("there are %v, want mine.txt alone", left)
	}
}

// offline keeps the go command from completing anything.
func offline(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
}

// TestOffline is of a module whose dependencies cannot be looked up: it is there
// whole, and the error says what to do.
func TestOffline(t *testing.T) {
	offline(t)
	dir := filepath.Join(t.TempDir(), "greeter")
	if err := os.Mkdir(dir, 0o700); err != nil { // an empty folder is as good as none
		t.Fatal(err)
	}
	status, out, errs := run(t, dir, "--replace", source)
	if status != 1 || !strings.Contains(errs, "Run 'go mod tidy' in it") {
		t.Errorf("the exit status is %d\n%s%s", status, out, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "proto/greeter/v1/greeter.curlew.go")); err != nil {
		t.Error(err)
	}
}

func TestModulePath(t *testing.T) {
	offline(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "mod", "go.mod"), "module acme.example/mono\n")
	for name, origin := range map[string]string{"ssh": "git@github.com:acme/shop.git", "https": "https://github.com/acme/shop.git", "local": "/somewhere/shop"} {
		repository := filepath.Join(dir, name)
		command(t, dir, "git", "init", "-q", repository)
		command(t, repository, "git", "remote", "add", "origin", origin)
	}
	for folder, want := range map[string]string{
		"mod/services/cart": "acme.example/mono/services/cart",
		"ssh/cart":          "github.com/acme/shop/cart",
		"https/a/b/cart":    "github.com/acme/shop/a/b/cart",
		"local/cart":        "example.com/cart",
		"cart":              "example.com/cart",
	} {
		status, out, errs := run(t, filepath.Join(dir, folder), "--replace", source, "--json", "--plain")
		var made struct {
			Module string
			Files  []string
		}
		if err := json.Unmarshal([]byte(out), &made); err != nil || made.Module != want || !slices.Contains(made.Files, "cart.go") {
			t.Errorf("%s: the module is %s, want %s (status %d, %s)", folder, made.Module, want, status, errs)
		}
	}
	_, out, _ := run(t, filepath.Join(dir, "mod", "own"), "--replace", source, "--module", "own.example/x")
	if !strings.Contains(out, "module own.example/x") {
		t.Errorf("with --module the command says %s", out)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, cli.UsageStatus, "takes one name"},
		{[]string{"a", "b"}, cli.UsageStatus, "takes one name"},
		{[]string{"9lives"}, cli.UsageStatus, "does not begin with a letter"},
		{[]string{"schöpfung"}, cli.UsageStatus, "cannot be part"},
		{[]string{"func"}, cli.UsageStatus, "take my-func"},
		{[]string{"main"}, cli.UsageStatus, "take my-main"},
		{[]string{"greeter", "--module", "a b"}, cli.UsageStatus, "--module"},
		{[]string{"greeter", "--replace", "."}, 1, "folder of Curlew's source"},
		{[]string{"greeter"}, 1, "no version"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Chdir(t.TempDir())
			status, _, errs := run(t, c.args...)
			if status != c.status || !strings.Contains(errs, c.want) {
				t.Errorf("the exit status is %d, want %d and %q\n%s", status, c.status, c.want, errs)
			}
			if left, _ := fs.Glob(os.DirFS("."), "*"); len(left) > 0 {
				t.Errorf("%v is left over", left)
			}
		})
	}
}
