// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
)

// outline is what stands at the top of a file, as far as it can be read.
type outline struct {
	pkg       string
	goPackage string // what the option says
	imports   []statement
	types     []string // messages and enums, without the package
}

// statement is an import.
type statement struct {
	name   string
	offset int // of the name, in the file
}

// found is how a parser tells what is wrong with a file, and with less than a
// place, -1, if it knows none.
type found func(offset int, message string, help []string)

// parse reads the outline of a file.
func parse(source []byte, report found) outline {
	if at := tooDeep(source); at >= 0 {
		report(at, fmt.Sprintf("this is nested in more than %d others", maxNesting), []string{"give what is deep inside a name of its own, further up"})
		return outline{}
	}
	if isEdition2024(source) {
		return parseExperimental(source, report)
	}
	return parseStable(source, report)
}

// parseStable reads all but edition 2024.
func parseStable(source []byte, report found) outline {
	handler := reporter.NewHandler(reporter.NewReporter(func(err reporter.ErrorWithPos) error {
		report(offsetOf(err.GetPosition()), stableMessage(err), nil)
		return nil
	}, nil))
	tree, err := parser.Parse("", bytes.NewReader(source), handler)
	if err != nil && !errors.Is(err, reporter.ErrInvalidSource) {
		report(-1, err.Error(), nil)
	}
	var o outline
	if tree == nil {
		return o
	}
	for _, decl := range tree.Decls {
		switch node := decl.(type) {
		case *ast.ImportNode:
			o.imports = append(o.imports, statement{node.Name.AsString(), tree.NodeInfo(node.Name).Start().Offset})
		case *ast.PackageNode:
			o.pkg = string(node.Name.AsIdentifier())
		case *ast.MessageNode:
			o.types = append(o.types, node.Name.Val)
		case *ast.EnumNode:
			o.types = append(o.types, node.Name.Val)
		case *ast.OptionNode:
			if len(node.Name.Parts) != 1 || node.Name.Parts[0].Value() != "go_package" {
				continue
			}
			if value, ok := node.Val.(ast.StringValueNode); ok {
				o.goPackage = value.AsString()
			}
		}
	}
	return o
}

// stableMessage returns what is wrong. The editions that the stable compiler
// would rather have are not all.
func stableMessage(err reporter.ErrorWithPos) string {
	message := err.Unwrap().Error()
	if edition, _, ok := strings.Cut(message, "; should be one of"); ok && strings.HasPrefix(message, editionMessage) {
		return edition
	}
	return message
}

// editionMessage begins what is said of an edition that is not known.
const editionMessage = "edition value"

// offsetOf returns the offset of a place, -1 if that is not known.
func offsetOf(at ast.SourcePos) int {
	if at.Line <= 0 {
		return -1
	}
	return at.Offset
}

// outlineOf reads the outline of a file, whatever is wrong with it.
func outlineOf(path string) outline {
	source, err := readFile(path)
	if err != nil {
		return outline{}
	}
	return parse(source, func(int, string, []string) {})
}
