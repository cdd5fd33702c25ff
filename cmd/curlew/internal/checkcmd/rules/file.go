// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Fields of google.protobuf.FileDescriptorProto and its options, as they stand
// in paths of source locations.
const (
	filePackage = 2
	fileOptions = 8
	fileSyntax  = 12
	fileEdition = 14
	goPackage   = 11
)

// files compares the own files that both versions have.
func (c *checker) files() {
	for _, old := range c.old.files {
		if !c.old.owns(old) {
			continue
		}
		new := c.counterpart(old)
		if new == nil {
			if c.packages[old.Package()] != "" {
				c.fileFinding(FileRemoved, Source, old, nil, nil, "keep it, if need be with nothing in it but import public of where its contents are",
					"file %s is gone; files that import it no longer compile", old.Path())
			}
			continue
		}
		if old.Package() != new.Package() {
			c.fileFinding(PackageChanged, Wire, old, new, []int32{filePackage},
				"keep the package; its name is a part of every call's path and of every type in google.protobuf.Any",
				"the package of %s changed from %q to %q", new.Path(), old.Package(), new.Package())
		}
		if from, to := syntaxOf(old), syntaxOf(new); from != to {
			c.fileFinding(SyntaxChanged, Source, old, new, []int32{fileSyntax},
				"nothing, if there is no other finding: what the change does to fields and enums is reported with them",
				"the syntax of %s changed from %s to %s", new.Path(), from, to)
		}
		c.fileOptions(old, new)
	}
}

func (c *checker) fileFinding(rule string, severity Severity, old, new protoreflect.FileDescriptor, path []int32, fix, reason string, args ...any) {
	f := Finding{
		Rule: rule, Severity: severity, Element: old.Package(),
		Old: placeAt(old, path...), Reason: fmt.Sprintf(reason, args...), Fix: fix,
	}
	if new != nil {
		f.New = placeAt(new, path...)
		if f.New.Line == 0 && len(path) == 1 && path[0] == fileSyntax {
			f.New = placeAt(new, fileEdition)
		}
	}
	c.findings = append(c.findings, f)
}

// fileOptions compares the options that generators read: those of the languages,
// and optimize_for. Features show in what they change.
func (c *checker) fileOptions(old, new protoreflect.FileDescriptor) {
	a, b := options[*descriptorpb.FileOptions](old), options[*descriptorpb.FileOptions](new)
	fields := a.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		option := fields.Get(i)
		if option.Message() != nil || option.IsList() || option.Name() == "deprecated" {
			continue
		}
		from, to := a.ProtoReflect().Get(option), b.ProtoReflect().Get(option)
		if from.Equal(to) {
			continue
		}
		rule, fix := FileOptionChanged, "keep it; generated code is found, or behaves, by it"
		if option.Number() == goPackage {
			rule, fix = GoPackageChanged, "keep it; programs import generated code by it"
		}
		c.fileFinding(rule, Source, old, new, []int32{fileOptions, int32(option.Number())}, fix,
			"option %s of %s changed from %q to %q", option.Name(), new.Path(), from.String(), to.String())
	}
}

func syntaxOf(file protoreflect.FileDescriptor) string {
	if file.Syntax() != protoreflect.Editions {
		return file.Syntax().String()
	}
	if e, ok := file.(interface{ Edition() int32 }); ok {
		return "edition " + descriptorpb.Edition(e.Edition()).String()[len("EDITION_"):]
	}
	return "editions"
}

// options returns a descriptor's options, never nil.
func options[O proto.Message](d protoreflect.Descriptor) O {
	o, ok := d.Options().(O)
	if !ok || !o.ProtoReflect().IsValid() {
		var zero O
		return zero.ProtoReflect().New().Interface().(O)
	}
	return o
}
