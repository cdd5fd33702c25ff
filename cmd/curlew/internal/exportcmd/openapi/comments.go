// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// comment returns what is written before a declaration, or after it on its line.
func comment(d protoreflect.Descriptor) string {
	l := d.ParentFile().SourceLocations().ByDescriptor(d)
	text := l.LeadingComments
	if text == "" {
		text = l.TrailingComments
	}
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(strings.TrimPrefix(line, " "), " \n"))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// summary is the first sentence of a comment, if it is short.
func summary(text string) string {
	const longest = 120
	first, _, _ := strings.Cut(strings.ReplaceAll(text, "\n", " "), ". ")
	first = strings.TrimSuffix(first, ".")
	if len(first) > longest {
		return ""
	}
	return first
}

func deprecated(d protoreflect.Descriptor) bool {
	o, ok := d.Options().(interface{ GetDeprecated() bool })
	return ok && o.GetDeprecated()
}

func goPackage(file protoreflect.FileDescriptor) string {
	o, _ := file.Options().(*descriptorpb.FileOptions)
	return o.GetGoPackage()
}

func sideEffects(m protoreflect.MethodDescriptor) bool {
	o, _ := m.Options().(*descriptorpb.MethodOptions)
	return o.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
