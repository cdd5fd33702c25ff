// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package generate

import (
	"errors"
	"fmt"
	"go/token"
	"path"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	curlewPackage  = protogen.GoImportPath("github.com/curlewrpc/curlew")
	contextPackage = protogen.GoImportPath("context")
	iterPackage    = protogen.GoImportPath("iter")
)

// Options are the plugin's parameters, beside those that [protogen.Options]
// knows for every plugin: paths, module, M and so on. The zero value writes to
// the package of the messages.
type Options struct {
	// PackageSuffix is appended to the name of the messages' package. What is
	// generated is then a package of that name, in a folder of that name below
	// that of the messages.
	PackageSuffix string
}

// Set sets the parameter of that name, as [protogen.Options.ParamFunc] does.
func (o *Options) Set(name, value string) error {
	switch {
	case name != "package_suffix":
		return fmt.Errorf("unknown parameter %q; there are package_suffix, paths, module, and M for the import path of a file", name)
	case value != "" && !token.IsIdentifier("p"+value):
		return fmt.Errorf("package_suffix=%s: a suffix has letters and digits only", value)
	}
	o.PackageSuffix = value
	return nil
}

// All generates a file for each file that p is asked for and that has services,
// and tells p which features of protobuf it knows.
func (o Options) All(p *protogen.Plugin) error {
	p.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL |
		pluginpb.CodeGeneratorResponse_FEATURE_SUPPORTS_EDITIONS)
	p.SupportedEditionsMinimum = descriptorpb.Edition_EDITION_PROTO2
	p.SupportedEditionsMaximum = descriptorpb.Edition_EDITION_2024
	var errs []error
	for _, f := range p.Files {
		if !f.Generate {
			continue
		}
		if err := o.clash(p, f); err != nil {
			errs = append(errs, err)
			continue
		}
		o.File(p, f)
	}
	return errors.Join(errs...)
}

// File generates the Go file of the services of f; it returns nil if f has none.
func (o Options) File(p *protogen.Plugin, f *protogen.File) *protogen.GeneratedFile {
	if len(f.Services) == 0 {
		return nil
	}
	prefix, importPath, name := f.GeneratedFilenamePrefix, f.GoImportPath, f.GoPackageName
	if o.PackageSuffix != "" {
		name += protogen.GoPackageName(o.PackageSuffix)
		importPath = protogen.GoImportPath(path.Join(string(importPath), string(name)))
		prefix = path.Join(path.Dir(prefix), string(name), path.Base(prefix))
	}
	w := &writer{GeneratedFile: p.NewGeneratedFile(prefix+".curlew.go", importPath)}
	w.header(f, name)
	w.nameLocals(f)
	if o.PackageSuffix != "" {
		w.P("// The descriptors of ", f.Desc.Path(), " are part of every program with its services.")
		w.P("var _ = ", f.GoDescriptorIdent)
		w.P()
	}
	for _, s := range o.services(p, f) {
		w.service(s)
	}
	return w.GeneratedFile
}

// All is [Options.All] of the zero Options.
func All(p *protogen.Plugin) error { return Options{}.All(p) }

// File is [Options.File] of the zero Options.
func File(p *protogen.Plugin, f *protogen.File) *protogen.GeneratedFile { return Options{}.File(p, f) }
