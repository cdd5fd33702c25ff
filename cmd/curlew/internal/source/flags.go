// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/curlewrpc/curlew"
)

// Flags say where services are described, if not by the server itself.
type Flags struct {
	ImportPaths    []string // folders that imports are looked for in
	Protos         []string // .proto files
	DescriptorSets []string // files with descriptor sets
}

// AddTo adds the flags to a command's.
func (f *Flags) AddTo(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.ImportPaths, "import-path", "I", nil, "`FOLDER` in which imports of .proto files are looked for; may be given several times")
	fs.StringArrayVar(&f.Protos, "proto", nil, ".proto `FILE` that describes the methods, instead of the server's reflection; may be given several times")
	fs.StringArrayVar(&f.DescriptorSets, "descriptor-set", nil, "`FILE` of a descriptor set that describes the methods; may be given several times")
}

// Given reports whether the flags name files, so that no server is asked.
func (f *Flags) Given() bool { return len(f.Protos)+len(f.DescriptorSets) > 0 }

// Open opens what the flags name, else asks the server: for all services if the
// symbol is "", else for that which a symbol is of, a method's name for instance,
// and for all if there is no such. caller may be nil if the flags name files.
func (f *Flags) Open(ctx context.Context, caller curlew.Caller, symbol string) (*Source, error) {
	switch {
	case len(f.Protos) > 0 && len(f.DescriptorSets) > 0:
		return nil, errors.New("--proto and --descriptor-set: give one of the two")
	case len(f.DescriptorSets) > 0:
		return DescriptorSet(f.DescriptorSets...)
	case len(f.Protos) > 0:
		return Protos(ctx, f.ImportPaths, f.Protos)
	case len(f.ImportPaths) > 0:
		return nil, errors.New("--import-path is for --proto: name the files, too")
	case symbol == "":
		return Reflect(ctx, caller)
	default:
		return ReflectFor(ctx, caller, symbol)
	}
}
