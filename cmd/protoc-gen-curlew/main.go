// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"google.golang.org/protobuf/compiler/protogen"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

const usage = `protoc-gen-curlew is a plugin: protoc and buf run it. With protoc, as an example:

  protoc --go_out=. --go_opt=paths=source_relative \
    --curlew_out=. --curlew_opt=paths=source_relative greet/v1/greet.proto

Its parameters (--curlew_opt) are those of protoc-gen-go (paths, module, M) and

  package_suffix=SUFFIX  write to a package of its own, such as greetv1SUFFIX

--version prints the version.
`

func main() {
	if len(os.Args) > 1 {
		os.Exit(answer(os.Args[1:]))
	}
	var options generate.Options
	protogen.Options{ParamFunc: options.Set}.Run(func(p *protogen.Plugin) error { return options.All(p) })
}

// answer does what arguments ask for; a plugin gets none. It returns the exit
// status.
func answer(args []string) int {
	switch {
	case len(args) == 1 && args[0] == "--version":
		fmt.Println("protoc-gen-curlew", version())
	case len(args) == 1 && (args[0] == "--help" || args[0] == "-h"):
		fmt.Print(usage)
	default:
		fmt.Fprintf(os.Stderr, "protoc-gen-curlew: unknown argument %q; it takes its input from protoc or buf. See protoc-gen-curlew --help\n", args[0])
		return 2
	}
	return 0
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
