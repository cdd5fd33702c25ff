// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"strings"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// Protos compiles .proto files. The services to be worked on are those of the
// files that are named, not of what they import.
func Protos(ctx context.Context, importPaths, files []string) (*Source, error) {
	compiled, err := protofiles.Compile(ctx, importPaths, files...)
	if err != nil {
		return nil, err
	}
	s := &Source{Files: compiled.Files, origin: "in " + strings.Join(files, ", ")}
	for _, file := range compiled.Named {
		s.add(file)
	}
	s.sort()
	return s, nil
}
