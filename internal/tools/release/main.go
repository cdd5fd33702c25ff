// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command release proves that users can install what the work tree holds. It
// makes a release of every module that is meant for users, as a tag would, puts
// them into a module proxy in a temporary folder, and then does in empty folders
// what users do: go get and build each module, go install each command, and
// compile and run a small program. Run it in this module:
//
//	go run ./release
//
// It uses git to leave out what is ignored, and the user's module proxy for
// modules of others. It writes nothing outside its temporary folder but the
// build cache.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

// version is what the release is called. Nobody will ever publish it.
const version = "v0.0.0-releasecheck"

func main() {
	root := flag.String("root", "../..", "the repository")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root); err != nil {
		fmt.Fprintln(os.Stderr, "release check:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string) error {
	temp, err := os.MkdirTemp("", "curlew-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)

	modules, err := findModules(ctx, root)
	if err != nil {
		return err
	}
	proxy, err := layOut(root, temp, modules)
	if err != nil {
		return err
	}
	u, err := newUser(ctx, temp, proxy)
	if err != nil {
		return err
	}
	for _, m := range modules {
		if !m.public {
			fmt.Printf("   %s: not for users, skipped\n", m.path)
			continue
		}
		if err := u.try(ctx, m.path); err != nil {
			return err
		}
	}
	return u.runProgram(ctx, modules[0].path)
}
