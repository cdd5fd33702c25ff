// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"os"
	"testing"

	"github.com/bufbuild/protocompile/experimental/fdp"
	"github.com/bufbuild/protocompile/experimental/incremental"
	"github.com/bufbuild/protocompile/experimental/incremental/queries"
	"github.com/bufbuild/protocompile/experimental/ir"
	"github.com/bufbuild/protocompile/experimental/report"
	"github.com/bufbuild/protocompile/experimental/source"
	"google.golang.org/protobuf/types/descriptorpb"
)

// compile2024 compiles files of edition 2024, which the stable compiler does not
// know, and what they import.
func compile2024(t *testing.T, names []string) []*descriptorpb.FileDescriptorProto {
	t.Helper()
	query := queries.FDS{
		Opener:    &source.Openers{&source.FS{FS: os.DirFS(folders[0])}, source.WKTs()},
		Session:   new(ir.Session),
		Workspace: source.NewWorkspace(names...),
	}
	query.Options.Apply(fdp.IncludeSourceCodeInfo(true))
	results, diagnostics, err := incremental.Run(t.Context(), incremental.New(), query)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diagnostics.Diagnostics {
		if d.Level() <= report.Error {
			t.Errorf("%s: %s", d.File(), d.Message())
		}
	}
	if t.Failed() || results[0].Fatal != nil {
		t.Fatal(results[0].Fatal)
	}
	return results[0].Value.File
}
