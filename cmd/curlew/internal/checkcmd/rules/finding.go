// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Finding is one change and what it breaks.
type Finding struct {
	Rule     string                `json:"rule"`
	Severity Severity              `json:"severity"`
	Element  protoreflect.FullName `json:"element"` // what changed, by its old name; its file's package for files
	New      Place                 `json:"new,omitzero"`
	Old      Place                 `json:"old,omitzero"`
	Reason   string                `json:"reason"`
	Fix      string                `json:"fix"` // the compatible way
}

// A Place is where a finding stands in one version. For what was removed, the
// place in the new version is what it was removed from.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // from 1; 0 if it is not known
	Column int    `json:"column,omitempty"`
}

// placeOf returns the place of d, which may be nil.
func placeOf(d protoreflect.Descriptor) Place {
	if d == nil || d.ParentFile() == nil {
		return Place{}
	}
	file := d.ParentFile()
	if d == protoreflect.Descriptor(file) {
		return Place{File: file.Path()}
	}
	return located(file, file.SourceLocations().ByDescriptor(d))
}

// placeAt returns the place of a part of a file's descriptor.
func placeAt(file protoreflect.FileDescriptor, path ...int32) Place {
	return located(file, file.SourceLocations().ByPath(path))
}

func located(file protoreflect.FileDescriptor, at protoreflect.SourceLocation) Place {
	if at.EndLine == 0 && at.EndColumn == 0 { // none; the path of the whole file is empty, too
		return Place{File: file.Path()}
	}
	return Place{File: file.Path(), Line: at.StartLine + 1, Column: at.StartColumn + 1}
}

// order is by place, then by rule.
func order(a, b Finding) int {
	at := func(f Finding) Place {
		if f.New.File != "" {
			return f.New
		}
		return f.Old
	}
	pa, pb := at(a), at(b)
	return cmp.Or(
		cmp.Compare(pa.File, pb.File), cmp.Compare(pa.Line, pb.Line), cmp.Compare(pa.Column, pb.Column),
		cmp.Compare(a.Old.Line, b.Old.Line), cmp.Compare(a.Element, b.Element), cmp.Compare(a.Rule, b.Rule),
	)
}
