// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suites is where the behaviour suite is told what each protocol carries.
const suites = "wire/wiretest/matrix_test.go"

// columns are the headings of protocols in the documentation's tables, and the
// function of suites that is told of each.
var columns = map[string]string{
	"native":        "TestNative",
	"net/rpc (gob)": "TestNetRPC",
	"JSON-RPC 1.0":  "TestJSONRPC1",
	"JSON-RPC 2.0":  "TestJSONRPC2",
	"gRPC":          "TestGRPC",
	"gRPC-Web":      "TestGRPCWebOverHTTP2",
	"Connect":       "TestConnectOverHTTP2",

	"gRPC-Web over HTTP/1.1": "TestGRPCWeb",
	"Connect over HTTP/1.1":  "TestConnect",
}

// rows are the first cells of rows and the capabilities that they tell of.
var rows = map[string][]string{
	// docs/protocols.md
	"streams":                              {"Streams"},
	"both directions at once":              {"FullDuplex"},
	"many calls at once on a connection":   {"Multiplexed"},
	"metadata of the request":              {"RequestMetadata"},
	"header and trailer of the reply":      {"ReplyMetadata"},
	"code of an error":                     {"Codes"},
	"details of an error":                  {"Details"},
	"deadline":                             {"Deadlines"},
	"cancellation":                         {"Cancellation"},
	"cause of a cancellation":              {"CancelCause"},
	"one-way calls":                        {"OneWay"},
	"calls from the server to the client":  {"Symmetric"},
	"notice that the server shuts down":    {"GoAway"},
	"a dead peer is noticed during a call": {"Liveness"},
	"bytes without base64":                 {"Binary"},
	// README.md
	"metadata to the server":          {"RequestMetadata"},
	"error code and details":          {"Codes", "Details"},
	"deadline reaches the server":     {"Deadlines"},
	"cancellation reaches the server": {"Cancellation"},
	"server calls client":             {"Symmetric"},
	"drain without a failed call":     {"GoAway"},
	"dead peer noticed during a call": {"Liveness"},
	// README.zh-CN.md
	"流":                    {"Streams"},
	"单个连接上的并发调用":           {"Multiplexed"},
	"请求元数据":                {"RequestMetadata"},
	"应答的 header 与 trailer": {"ReplyMetadata"},
	"错误码与错误详情":             {"Codes", "Details"},
	"截止时间传到服务端":            {"Deadlines"},
	"取消传到服务端":              {"Cancellation"},
	"单向调用":                 {"OneWay"},
	"服务端调用客户端":             {"Symmetric"},
	"停机排空时没有失败的调用":         {"GoAway"},
	"调用期间发现对端失联":           {"Liveness"},
}

// checkCapabilities compares what the documentation's tables say of protocols
// with what the behaviour suite holds them to.
func checkCapabilities(r *repository) []problem {
	told := toldCapabilities(r)
	if told == nil {
		return []problem{problemf(suites, "there is no such file with the calls of wiretest.Run; correct its name in the rule")}
	}
	var problems []problem
	for _, path := range []string{"README.md", "README.zh-CN.md", "docs/protocols.md"} {
		text, err := os.ReadFile(filepath.Join(r.root, path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			problems = append(problems, problem(err.Error()))
			continue
		}
		problems = append(problems, compareTables(path, string(text), told)...)
	}
	return problems
}

// toldCapabilities returns the capabilities that each function of suites tells.
func toldCapabilities(r *repository) map[string]map[string]bool {
	var told map[string]map[string]bool
	for _, f := range r.handwritten {
		if f.path != suites {
			continue
		}
		told = make(map[string]map[string]bool)
		constants := constantsOf(f.syntax)
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if kv, ok := n.(*ast.KeyValueExpr); ok {
					if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Can" {
						told[fn.Name.Name] = selected(kv.Value, constants)
					}
				}
				return true
			})
		}
	}
	return told
}

// constantsOf returns what the constants of a file are given.
func constantsOf(f *ast.File) map[string]ast.Expr {
	constants := make(map[string]ast.Expr)
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, value := range spec.Values {
				constants[spec.Names[i].Name] = value
			}
		}
		return true
	})
	return constants
}

// selected returns the names that an expression such as a.X|a.Y selects, by
// itself or by constants.
func selected(e ast.Expr, constants map[string]ast.Expr) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names[n.Sel.Name] = true
		case *ast.Ident:
			if value := constants[n.Name]; value != nil {
				maps.Copy(names, selected(value, constants))
			}
		}
		return true
	})
	return names
}

// compareTables compares the first table of a text that has a column native,
// which must be there, and all rows of it that tell of capabilities.
func compareTables(path, text string, told map[string]map[string]bool) []problem {
	var problems []problem
	var protocols []string
	line, compared := 0, 0
	for row := range strings.Lines(text) {
		line++
		cells := cellsOf(row)
		if cells == nil {
			if protocols != nil {
				break // the end of the table
			}
			continue
		}
		if protocols == nil {
			if len(cells) > 1 && cells[1] == "native" {
				protocols = cells
			}
			continue
		}
		for _, capability := range rows[cells[0]] {
			compared++
			for i := 1; i < min(len(cells), len(protocols)); i++ {
				test, known := columns[protocols[i]]
				if !known {
					continue
				}
				can := told[test][capability] || told[test]["Everything"]
				if says := affirms(cells[i]); says != can {
					problems = append(problems, problemf(fmt.Sprintf("%s:%d", path, line),
						"the table says %q of %s under %s; %s in %s says %s: %t", cells[i], cells[0], protocols[i], test, suites, capability, can))
				}
			}
		}
	}
	if compared == 0 {
		problems = append(problems, problemf(path, "there is no table of what the protocols carry"))
	}
	return problems
}

func cellsOf(row string) []string {
	row = strings.TrimSpace(row)
	if !strings.HasPrefix(row, "|") {
		return nil
	}
	cells := strings.Split(strings.Trim(row, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// affirms says whether a cell says yes, perhaps with a remark.
func affirms(cell string) bool {
	for _, yes := range []string{"yes", "✓", "有", "with "} {
		if strings.HasPrefix(cell, yes) {
			return true
		}
	}
	return false
}

func TestCapabilities(t *testing.T) {
	const matrix = `package wiretest_test

func TestNative() { Run(P{Can: wiretest.Everything}) }

func TestConnectOverHTTP2() { Run(P{Can: most | wiretest.Deadlines}) }

const most = wiretest.Codes | wiretest.Details
`
	files := map[string]string{
		"wire/wiretest/doc.go": "// Package wiretest is a suite.\npackage wiretest\n",
		suites:                 matrix,
		"README.md": "| a | b |\n|---|---|\n\n| | native | Connect | later |\n|---|---|---|---|\n" +
			"| streams | yes | no | |\n| deadline | yes | yes | |\n| details of an error | yes | yes | |\n| price | high | low | |\n",
		"docs/protocols.md": "| | Connect | native |\n|---|---|---|\n",
	}
	expect(t, checkCapabilities(made(t, files)), "docs/protocols.md: there is no table")
	files["docs/protocols.md"] = "| | native | Connect |\n|---|---|---|\n| streams | ✓ | ✓ |\n| code of an error | – | ✓ ² |\n"
	expect(t, checkCapabilities(made(t, files)),
		"docs/protocols.md:3: the table says \"✓\" of streams under Connect; TestConnectOverHTTP2 in "+suites+" says Streams",
		"docs/protocols.md:4: the table says \"–\" of code of an error under native")
	delete(files, suites)
	expect(t, checkCapabilities(made(t, files)), suites+": there is no such file")
}
