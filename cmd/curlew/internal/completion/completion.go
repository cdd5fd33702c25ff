// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package completion

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// timeout bounds how long somebody who has typed a tab waits.
const timeout = 2 * time.Second

// Flags completes the values of those flags that [target.Flags] has added to a
// command; more are the protocols that it was given.
func Flags(cmd *cobra.Command, more ...string) {
	for name, values := range map[string][]string{
		"protocol":    append(target.Protocols(), more...),
		"codec":       {"proto", "json"},
		"compression": {"gzip"},
	} {
		if cmd.Flags().Lookup(name) != nil {
			// The only other error is that there is a function already.
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

// Methods completes the argument after the address as a method: first the
// service, then what is behind the slash.
func Methods(to *target.Flags, from *source.Flags) cobra.CompletionFunc {
	after := func() int { return 1 }
	return complete(to, from, after, func(src *source.Source, typed string) ([]string, cobra.ShellCompDirective) {
		methods := startingWith(src.MethodNames(), typed)
		var services []string
		for _, m := range methods {
			service, _, _ := strings.Cut(m, "/")
			services = append(services, service+"/")
		}
		services = slices.Compact(services)
		if len(services) > 1 {
			return services, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return methods, cobra.ShellCompDirectiveNoFileComp
	})
}

// Services completes the argument after the address, or the first one if the
// flags name files, as a service.
func Services(to *target.Flags, from *source.Flags) cobra.CompletionFunc {
	return complete(to, from, afterAddress(from), func(src *source.Source, typed string) ([]string, cobra.ShellCompDirective) {
		return startingWith(src.ServiceNames(), typed), cobra.ShellCompDirectiveNoFileComp
	})
}

// Symbols completes the same argument as Services does, as a service, a method, a
// message or an enum.
func Symbols(to *target.Flags, from *source.Flags) cobra.CompletionFunc {
	return complete(to, from, afterAddress(from), func(src *source.Source, typed string) ([]string, cobra.ShellCompDirective) {
		return startingWith(src.Symbols(), typed), cobra.ShellCompDirectiveNoFileComp
	})
}

// afterAddress returns how many arguments are before the name: the address, if
// there is one.
func afterAddress(from *source.Flags) func() int {
	return func() int {
		if from.Given() {
			return 0
		}
		return 1
	}
}

type choose func(src *source.Source, typed string) ([]string, cobra.ShellCompDirective)

// complete opens the source that the command line tells. What goes wrong is kept
// to itself: somebody is typing.
func complete(to *target.Flags, from *source.Flags, before func() int, choose choose) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) != before() {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		src, err := open(ctx, to, from, args)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return choose(src, typed)
	}
}

func open(ctx context.Context, to *target.Flags, from *source.Flags, args []string) (*source.Source, error) {
	if from.Given() {
		return from.Open(ctx, nil, "")
	}
	c, err := to.Dial(ctx, args[0])
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return from.Open(ctx, c, "")
}

func startingWith(names []string, prefix string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
}
