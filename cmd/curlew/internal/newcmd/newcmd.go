// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package newcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// curlewModule is the module that new ones require.
const curlewModule = "github.com/curlewrpc/curlew"

type flags struct {
	module, replace string
	plain           bool
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	f := new(flags)
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Make the folder of a new service, which builds and runs at once",
		Long: `New makes a folder with a Go module: a .proto file and its generated code, the
service, a test, a server, a client, Makefile, Dockerfile and README. With --plain
the service is plain Go, without a .proto file.

NAME is the folder, and its last part names the service: shop-cart becomes the
service ShopCart. The module's path follows from the go.mod above the folder, or
from the git remote "origin", else it is example.com/NAME.`,
		Example: `  curlew new greeter
  curlew new services/shop-cart --module github.com/acme/shop-cart
  curlew new greeter --plain`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Usage(c, "new takes one name, that of the folder to make")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, env, args[0]) },
	}
	c.Flags().StringVar(&f.module, "module", "", "`path` of the module")
	c.Flags().BoolVar(&f.plain, "plain", false, "a service in plain Go, without a .proto file")
	c.Flags().StringVar(&f.replace, "replace", "", "`folder` of Curlew's source to build with, for its development")
	return c
}

func (f *flags) run(c *cobra.Command, env *cli.Env, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	p, err := newProject(filepath.Base(folder))
	if err != nil {
		return cli.Usage(c, "%v", err)
	}
	p.Plain = f.plain
	if err := vacant(folder); err != nil {
		return err
	}
	if p.Module, err = f.modulePath(c.Context(), folder); err != nil {
		return cli.Usage(c, "%v", err)
	}
	if p.Version, p.Replace, err = f.version(); err != nil {
		return err
	}
	files, err := p.files(c.Context())
	if err != nil {
		return err
	}
	tidied, err := place(c.Context(), folder, files)
	if err != nil {
		return err
	}
	if err := p.print(env, folder, files); err != nil {
		return err
	}
	if tidied != nil {
		return fmt.Errorf("%s is made, but its dependencies could not be looked up, so it does not build yet.\n%w\nRun 'go mod tidy' in it once that is mended", folder, tidied)
	}
	return nil
}

// vacant returns an error unless a folder can be made, or is empty.
func vacant(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w\nGive the name of a folder that is not there yet", err)
	case len(entries) > 0:
		return fmt.Errorf("%s is there already, and not empty.\nGive another name, or move away what is in it; "+
			"to add a .proto service to a module that there is, write the .proto file and run 'curlew gen'", folder)
	}
	return nil
}

// version returns the version of Curlew to require, and the folder to take it
// from if not from the module proxy.
func (f *flags) version() (version, replace string, err error) {
	if f.replace != "" {
		replace, err := filepath.Abs(f.replace)
		if err != nil {
			return "", "", err
		}
		if path, err := moduleOf(filepath.Join(replace, "go.mod")); err != nil || path != curlewModule {
			return "", "", fmt.Errorf("--replace %s: there is no go.mod of %s; give the folder of Curlew's source", f.replace, curlewModule)
		}
		return "v0.0.0", replace, nil
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == curlewModule && m.Replace == nil {
				return m.Version, "", nil
			}
		}
	}
	return "", "", errors.New("this curlew was built from source and has no version that a module could require.\n" +
		"Give --replace with the folder of that source, or install a released version: go install " + curlewModule + "/cmd/curlew@latest")
}

// place writes the files into a new folder beside the one to be, looks up the
// module's dependencies there, and then renames it: all or nothing. A failure to
// look up is returned apart.
func place(ctx context.Context, folder string, files []file) (tidied, err error) {
	parent := filepath.Dir(folder)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp(parent, "."+filepath.Base(folder)+"-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch) // when it has been renamed there is nothing to remove
	for _, f := range files {
		path := filepath.Join(scratch, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, f.content, 0o666); err != nil {
			return nil, err
		}
	}
	tidied = tidy(ctx, scratch)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.Chmod(scratch, 0o755); err != nil { //nolint:gosec // a folder of source code
		return nil, err
	}
	if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return nil, err
	}
	return tidied, os.Rename(scratch, folder)
}

// tidy lets the go command complete go.mod and go.sum.
func tidy(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// print says what was made and how to go on.
func (p *project) print(env *cli.Env, folder string, files []file) error {
	next := []string{
		"cd " + shown(folder),
		"go test ./...",
		"go run ./cmd/server",
		"curlew call localhost:8080 " + p.Method() + ` '{"name":"Ada"}'`,
	}
	if env.JSON {
		made := struct {
			Folder string   `json:"folder"`
			Module string   `json:"module"`
			Files  []string `json:"files"`
			Next   []string `json:"next"`
		}{Folder: folder, Module: p.Module, Next: next}
		for _, f := range files {
			made.Files = append(made.Files, f.name)
		}
		e := json.NewEncoder(env.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(made)
	}
	if env.Quiet {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Made %s, module %s:\n", shown(folder), p.Module)
	for _, f := range files {
		fmt.Fprintf(&b, "  %s\n", f.name)
	}
	b.WriteString("Next:\n")
	for i, command := range next {
		if i == len(next)-1 {
			command += "   # while the server runs"
		}
		fmt.Fprintf(&b, "  %s\n", command)
	}
	_, err := fmt.Fprint(env.Out, b.String())
	return err
}

// shown is a folder as seen from here, if that is shorter.
func shown(folder string) string {
	here, err := os.Getwd()
	if err != nil {
		return folder
	}
	if relative, err := filepath.Rel(here, folder); err == nil && len(relative) < len(folder) {
		return relative
	}
	return folder
}
