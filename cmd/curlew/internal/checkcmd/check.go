// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// statusUnread is the exit status if a version could not be read; 1 is for
// findings.
const statusUnread = cli.UsageStatus

const long = `Compare two versions of an interface and say what the change breaks.

OLD and NEW are each one of
  a .proto file, or a folder with .proto files
  REVISION:PATH       a file or folder of a git revision, as in "git show"
  FILE.binpb          a descriptor set (protoc --descriptor_set_out, buf build -o)
  HOST:PORT           a live server, by reflection; services written in plain Go
                      too. Its health and reflection services do not count.

A finding has one of three severities:
  wire     calls or encoded messages are read differently, or not at all
  json     messages as JSON are read differently, or not at all
  source   generated code changes; programs may need to be edited
The level says which count: wire; json, which includes wire; source, all.

Exit status: 0 if no finding counts, 1 if one does, 2 if a version could not be
read or the command line is wrong.`

const example = `  curlew check old/shop.proto new/shop.proto
  curlew check v1.4.0:proto proto
  curlew check --against main proto          the same as: curlew check main:./proto proto
  curlew check proto localhost:8080          does the server offer what the files say?
  curlew check --format github --against origin/main proto
  curlew check --ignore field-renamed --ignore shop/v1/draft.proto v1.proto v2.proto
  curlew check --rules`

// command is what the flags say.
type command struct {
	env    *cli.Env
	level  string
	format string
	ignore []string
	rules  bool

	against string
	loader  loader
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	c := &command{env: env, loader: loader{target: new(target.Flags)}}
	cmd := &cobra.Command{
		Use:     "check OLD NEW",
		Short:   "Compare two versions of an interface and say what the change breaks",
		Long:    long,
		Example: example,
		RunE:    c.run,
	}
	flags := cmd.Flags()
	flags.StringVar(&c.level, "level", "json", "least `SEVERITY` that counts: wire, json or source")
	flags.StringVar(&c.format, "format", "text", "text, json, or github for annotations of a workflow")
	flags.StringArrayVar(&c.ignore, "ignore", nil, "leave out what is found by this `RULE`, in this file or folder, or in what has this full name; may be given several times")
	flags.StringVar(&c.against, "against", "", "take the only argument as NEW, and what it was in this git `REVISION` as OLD")
	flags.BoolVar(&c.rules, "rules", false, "list the rules and what they find")
	flags.StringArrayVarP(&c.loader.importPaths, "import-path", "I", nil, "`FOLDER` that imports are relative to; found, if it is not given; may be given several times")
	c.loader.target.AddConnection(flags)
	// The flags are there, which is all that could be wrong.
	_ = cmd.RegisterFlagCompletionFunc("level", cobra.FixedCompletions([]string{"wire", "json", "source"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func formats() []string { return []string{"text", "json", "github"} }

func (c *command) run(cmd *cobra.Command, args []string) error {
	p := printer{env: c.env, format: c.format}
	if c.env.JSON {
		p.format = "json"
	}
	if !slices.Contains(formats(), p.format) {
		return cli.Usage(cmd, "--format %s: there is no such format; use text, json or github", p.format)
	}
	if c.rules {
		return p.rules(rules.All())
	}
	level, err := rules.ParseSeverity(c.level)
	if err != nil {
		return cli.Usage(cmd, "--level: %v", err)
	}
	ignored, err := parseIgnored(c.ignore)
	if err != nil {
		return cli.Usage(cmd, "%v", err)
	}
	old, new, err := c.versions(cmd, args)
	if err != nil {
		return err
	}
	p.level, p.old, p.new = level, old, new
	for _, f := range rules.Compare(old.set, new.set) {
		f.Old.File, f.New.File = old.display(f.Old.File), new.display(f.New.File)
		switch {
		case f.Rule == rules.FileRemoved && (old.live || new.live):
			// What a server calls its files is nobody's business.
		case ignored.has(f):
			p.ignored++
		case f.Severity < level:
			p.below++
		default:
			p.findings = append(p.findings, f)
		}
	}
	if err := p.print(); err != nil {
		return err
	}
	if len(p.findings) > 0 {
		return cli.Status(1, nil)
	}
	return nil
}

// versions reads what the arguments name.
func (c *command) versions(cmd *cobra.Command, args []string) (old, new *version, err error) {
	switch {
	case c.against != "" && len(args) != 1:
		return nil, nil, cli.Usage(cmd, "with --against there is one argument, the new version's file or folder; there are %d", len(args))
	case c.against == "" && len(args) != 2:
		return nil, nil, cli.Usage(cmd, "two versions are needed, OLD and NEW (or --against REVISION and NEW); there are %d", len(args))
	}
	ctx := cmd.Context()
	if c.against != "" {
		old, err = c.loader.revision(ctx, c.against, "./"+strings.TrimPrefix(args[0], "./"))
	} else {
		old, err = c.loader.open(ctx, args[0])
	}
	if err == nil {
		new, err = c.loader.open(ctx, args[len(args)-1])
	}
	if err != nil {
		return nil, nil, cli.Status(statusUnread, err)
	}
	if old.live || new.live {
		old.withoutServersOwn()
		new.withoutServersOwn()
	}
	return old, new, nil
}

// ignored is what --ignore says.
type ignored struct {
	rules []string
	paths []string // of files and folders
	names []string // full names
}

func parseIgnored(values []string) (*ignored, error) {
	var all []string
	for _, r := range rules.All() {
		all = append(all, r.ID)
	}
	i := new(ignored)
	for _, v := range values {
		switch {
		case v == "":
			return nil, fmt.Errorf("--ignore: name a rule, a file or folder, or a full name")
		case slices.Contains(all, v):
			i.rules = append(i.rules, v)
		case strings.Contains(v, "/") || strings.HasSuffix(v, ".proto"):
			i.paths = append(i.paths, strings.TrimSuffix(strings.TrimPrefix(v, "./"), "/"))
		case strings.Contains(v, "-"):
			hint := "\n--rules lists them"
			if near := source.Nearest(v, all); len(near) > 0 {
				hint = "\nDid you mean " + strings.Join(near, " or ") + "?"
			}
			return nil, fmt.Errorf("--ignore %s: there is no such rule%s", v, hint)
		default:
			i.names = append(i.names, v)
		}
	}
	return i, nil
}

// has reports whether a finding is to be left out. A path is that of a file, or
// of a folder of it, as it is printed or the end of that.
func (i *ignored) has(f rules.Finding) bool {
	if slices.Contains(i.rules, f.Rule) {
		return true
	}
	for _, path := range i.paths {
		for _, file := range []string{f.New.File, f.Old.File} {
			if _, inside, ok := strings.Cut("/"+strings.ReplaceAll(file, ":", "/")+"/", "/"+path+"/"); ok && (inside == "" || !strings.HasSuffix(path, ".proto")) {
				return true
			}
		}
	}
	for _, name := range i.names {
		if element := string(f.Element); element == name || strings.HasPrefix(element, name+".") {
			return true
		}
	}
	return false
}
