// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// published are files that many import and that come from elsewhere.
var published = []struct{ prefix, where string }{
	{"google/api/", "https://github.com/googleapis/googleapis"},
	{"google/longrunning/", "https://github.com/googleapis/googleapis"},
	{"google/rpc/", "https://github.com/googleapis/googleapis"},
	{"google/type/", "https://github.com/googleapis/googleapis"},
	{"buf/validate/", "https://github.com/bufbuild/protovalidate (proto/protovalidate)"},
	{"validate/", "https://github.com/bufbuild/protoc-gen-validate"},
	{"gogoproto/", "https://github.com/gogo/protobuf"},
	{"opentelemetry/proto/", "https://github.com/open-telemetry/opentelemetry-proto"},
	{"protoc-gen-openapiv2/", "https://github.com/grpc-ecosystem/grpc-gateway"},
}

// hintFor says what to do about a message of the compiler, "" if it says that.
func (l *loader) hintFor(message string) string {
	if strings.HasPrefix(message, editionMessage) {
		return "write edition = \"2023\" or \"2024\"; later ones are not known yet"
	}
	// What the compiler for edition 2024 says has names in `backquotes`.
	_, name, _ := strings.Cut(message, "`")
	name, _, _ = strings.Cut(name, "`")
	switch {
	case strings.HasPrefix(message, "cannot find `"):
		return l.unknownTypeHint(strings.TrimPrefix(name, "."))
	case strings.HasPrefix(message, "found unexported "):
		return "other files do not see it; declare it with export" + l.declaredIn(name)
	case strings.HasSuffix(message, "is only imported for use in options"):
		return "import its file without the word option"
	}
	for _, what := range []string{"unknown type ", "unknown request type ", "unknown response type ", "unknown extendee type "} {
		if _, name, ok := strings.Cut(message, what); ok {
			name, _, _ = strings.Cut(name, ";")
			return l.unknownTypeHint(strings.TrimPrefix(name, "."))
		}
	}
	return ""
}

// declaredIn says in which file a type is, if it stands at the top of one.
func (l *loader) declaredIn(name string) string {
	if f := l.files[l.types[name]]; f != nil {
		return " in " + f.path
	}
	return ""
}

// unknownTypeHint says where a type is that a file does not see, or what may have
// been meant.
func (l *loader) unknownTypeHint(name string) string {
	if d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name)); err == nil && Standard(d.ParentFile().Path()) {
		return fmt.Sprintf("add: import %q;", d.ParentFile().Path())
	}
	var names []string
	for _, full := range sortedKeys(l.types) {
		if full == name || strings.HasSuffix(full, "."+name) {
			return fmt.Sprintf("%s is in another file; add: import %q;", full, l.types[full])
		}
		names = append(names, full, full[strings.LastIndexByte(full, '.')+1:])
	}
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// declare notes the types that stand at the top of a file.
func (l *loader) declare(name string, o outline) {
	for _, typ := range o.types {
		l.types[strings.TrimPrefix(o.pkg+"."+typ, ".")] = name
	}
}

// missingHint says what to do about an import that was not found.
func (l *loader) missingHint(name string) string {
	folders := append([]string{"."}, l.importPaths...)
	var all []string
	for _, dir := range folders {
		found, _ := Find(dir)
		all = append(all, found...)
	}
	for _, p := range all {
		if dir, ok := strings.CutSuffix(filepath.ToSlash(p), "/"+name); ok {
			return fmt.Sprintf("%s exists: add -I %s", p, dir)
		}
	}
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, relative(l.importPaths, p))
	}
	if near := Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	for _, known := range published {
		if strings.HasPrefix(name, known.prefix) {
			return fmt.Sprintf("copy it from %s to third_party/%s", known.where, name)
		}
	}
	return "name the folder that it is relative to with -I"
}

// Nearest returns the name that is most like one that was not found, "" if none is
// much like it.
func Nearest(name string, names []string) string {
	best, distance := "", max(3, len(path.Base(name))/4)
	for _, candidate := range names {
		if candidate == "" || candidate == name {
			continue
		}
		d := EditDistance(name, candidate)
		sameFile := path.Base(candidate) == path.Base(name) // in the wrong folder
		begins := len(candidate) >= 3 && strings.HasPrefix(name, candidate) ||
			len(name) >= 3 && strings.HasPrefix(candidate, name)
		if sameFile || begins {
			d = min(d, distance-1)
		}
		if d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// EditDistance is how many bytes must be inserted, deleted or replaced to make b of
// a (Levenshtein).
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
