// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

const long = `Generates Go code from .proto files: messages as protoc-gen-go makes them, and
services for Curlew. It needs no protoc and no plugins.

Without arguments it takes all .proto files below this folder, but for those in
hidden folders, vendor, node_modules and testdata, and those whose go_package
belongs to another module. It finds the folder that imports are relative to, and
writes the code beside the .proto files.

A curlew.gen.yaml in this folder says otherwise. All of it is optional, and its
paths are relative to it:

  inputs: [proto]                  # files and folders
  import_paths: [proto, third_party]
  out: gen                         # a folder; else beside the .proto files
  options:
    paths: source_relative         # or import: named by Go import paths
    module: example.com/shop       # with paths: import, left out of the names
    go_package: example.com/shop/gen   # a prefix, for files without go_package
    package_suffix: rpc            # services in a package of their own
    api: open                      # messages: open, hybrid or opaque
    mappings:                      # Go import paths, whatever go_package says
      shop/v1/cart.proto: example.com/cart/v1;cartv1
  plugins:
    go: true                       # messages
    curlew: true                   # services`

const examples = `  curlew gen
  curlew gen proto/shop/v1/cart.proto -I proto -I third_party
  curlew gen proto --out gen
  curlew gen --check
  curlew gen --watch`

// flags are the command line.
type flags struct {
	config      string
	out         string
	importPaths []string
	check       bool
	dryRun      bool
	watch       bool
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:     "gen [FILES or FOLDERS]",
		Short:   "Generate Go code from .proto files",
		Long:    long,
		Example: examples,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"proto"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	c.Flags().StringVarP(&f.config, "config", "c", "", "configuration `file` (default "+configName+", if there is one)")
	c.Flags().StringVarP(&f.out, "out", "o", "", "`folder` that code is written to (default beside the .proto files)")
	c.Flags().StringArrayVarP(&f.importPaths, "import-path", "I", nil, "`folder` that imports are relative to; can be repeated (default found)")
	c.Flags().BoolVar(&f.check, "check", false, "write nothing, and fail if something would change")
	c.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "write nothing, and list what would change")
	c.Flags().BoolVarP(&f.watch, "watch", "w", false, "generate again whenever a file is saved")
	for _, name := range []string{"out", "import-path"} {
		_ = c.MarkFlagDirname(name) // there are flags of these names
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.watch && (f.check || f.dryRun || env.JSON) {
			return cli.Usage(c, "--watch writes files as they are saved; it does not go with --check, --dry-run or --json")
		}
		cmd := &command{env: env, flags: f, args: args}
		if f.watch {
			return cmd.watch(c.Context())
		}
		return cmd.run(c.Context())
	}
	return c
}

// command is one run of the command line.
type command struct {
	env   *cli.Env
	flags flags
	args  []string
}

// settings reads the configuration, anew each time, and puts the command line
// over it.
func (c *command) settings() (*settings, error) {
	s, err := readConfig(c.flags.config)
	if err != nil {
		return nil, err
	}
	if len(c.args) > 0 {
		s.Inputs = c.args
	}
	if len(c.flags.importPaths) > 0 {
		s.ImportPaths = c.flags.importPaths
	}
	if c.flags.out != "" {
		s.Out = c.flags.out
	}
	return s, nil
}

// run generates once.
func (c *command) run(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	g, err := s.generate(ctx)
	if err != nil {
		return err
	}
	if !c.flags.check && !c.flags.dryRun {
		if err := systemDisk.write(g.changed); err != nil {
			return err
		}
	}
	if err := c.report(g); err != nil {
		return err
	}
	if n := len(g.changed); c.flags.check && n > 0 {
		return fmt.Errorf("the code of %s is not what the .proto files say; run '%s'", count(n, "file"), c.again())
	}
	return nil
}

// again is the command line that brings the code up to date.
func (c *command) again() string {
	line := []string{"curlew gen"}
	line = append(line, c.args...)
	for _, dir := range c.flags.importPaths {
		line = append(line, "-I "+dir)
	}
	if c.flags.out != "" {
		line = append(line, "--out "+c.flags.out)
	}
	if c.flags.config != "" {
		line = append(line, "--config "+c.flags.config)
	}
	return strings.Join(line, " ")
}

// report says what was done, or would be.
func (c *command) report(g *generated) error {
	written := !c.flags.check && !c.flags.dryRun
	if c.env.JSON {
		return writeJSON(c.env, g, written)
	}
	for _, o := range g.changed {
		if _, err := fmt.Fprintln(c.env.Out, o.path); err != nil {
			return err
		}
	}
	if c.env.Quiet {
		return nil
	}
	verb := "written"
	if !written {
		verb = "to be written"
	}
	fmt.Fprintf(c.env.Err, "%s %s, %d unchanged; imports are relative to %s\n",
		count(len(g.changed), "file"), verb, g.unchanged, strings.Join(g.importPaths, ", "))
	for _, note := range g.notes {
		fmt.Fprintln(c.env.Err, note)
	}
	return nil
}

func writeJSON(env *cli.Env, g *generated, written bool) error {
	result := struct {
		ImportPaths []string `json:"import_paths"`
		Changed     []string `json:"changed"`
		Unchanged   int      `json:"unchanged"`
		Written     bool     `json:"written"`
		Notes       []string `json:"notes,omitempty"`
	}{g.importPaths, []string{}, g.unchanged, written, g.notes}
	for _, o := range g.changed {
		result.Changed = append(result.Changed, o.path)
	}
	encoder := json.NewEncoder(env.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
