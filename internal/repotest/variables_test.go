// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// checkVariables finds package variables that can change: state that every test
// and every server of a process would share. Sentinel errors and unexported
// tables that nobody writes to are fine. A variable can change if
//
//   - it is exported and no error, so that others may assign to it;
//   - its type holds a channel, or something of package sync or sync/atomic;
//   - the package or its tests assign to it or to a part of it;
//   - the package takes its address, slices it as an array, or calls a method
//     that takes its address.
//
// A pool of plain bytes is the one exception, in internal/bufpool.
func checkVariables(r *repository, packages []typedPackage) []problem {
	var problems []problem
	for _, p := range packages {
		if p.rel == "internal/bufpool" {
			continue
		}
		found := func(at token.Pos, v *types.Var, what string) {
			problems = append(problems, problemf(r.at(at), "package variable %s %s; keep state in a value that a constructor makes", v.Name(), what))
		}
		for _, f := range p.files {
			if !f.builds || f.generated || f.kind == external {
				continue
			}
			if f.kind == library {
				p.declared(f, found)
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				for _, e := range p.assigned(n) {
					if v := p.packageVariable(e); v != nil && !inTestFile(r, v) {
						found(e.Pos(), v, "is written to")
					}
				}
				if f.kind == inTest {
					return true
				}
				if v := p.packageVariable(p.addressed(n)); v != nil && v.Pkg() == p.types {
					found(n.Pos(), v, "can be written to here, through its address")
				}
				return true
			})
		}
	}
	return problems
}

func inTestFile(r *repository, v *types.Var) bool {
	return strings.HasSuffix(r.fset.Position(v.Pos()).Filename, "_test.go")
}

// declared judges the variables that a file declares.
func (p typedPackage) declared(f *file, found func(token.Pos, *types.Var, string)) {
	for _, d := range f.syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				v, ok := p.info.Defs[name].(*types.Var)
				if !ok || name.Name == "_" {
					continue
				}
				if v.Exported() && !isError(v) {
					found(name.Pos(), v, "is exported and no error, so that anybody may change it")
				}
				if what := shared(v.Type(), make(map[types.Type]bool)); what != "" {
					found(name.Pos(), v, "holds a "+what)
				}
			}
		}
	}
}

// isError goes by the name where the type comes from a module of others.
func isError(v *types.Var) bool {
	if v.Type() == types.Typ[types.Invalid] {
		return strings.HasPrefix(v.Name(), "Err")
	}
	return types.Implements(v.Type(), types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// shared names what in t is made to be changed, "" if nothing is.
func shared(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil {
		switch path := named.Obj().Pkg().Path(); path {
		case "sync", "sync/atomic":
			return path + "." + named.Obj().Name()
		}
	}
	switch t := t.Underlying().(type) {
	case *types.Chan:
		return "channel"
	case *types.Pointer:
		return shared(t.Elem(), seen)
	case *types.Slice:
		return shared(t.Elem(), seen)
	case *types.Array:
		return shared(t.Elem(), seen)
	case *types.Map:
		return shared(t.Elem(), seen)
	case *types.Struct:
		for f := range t.Fields() {
			if what := shared(f.Type(), seen); what != "" {
				return what
			}
		}
	}
	return ""
}

// assigned returns the expressions that n itself, not its children, assigns to.
func (p typedPackage) assigned(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 {
			if _, builtin := p.info.Uses[name].(*types.Builtin); builtin && (name.Name == "clear" || name.Name == "copy" || name.Name == "delete") {
				return n.Args[:1]
			}
		}
	}
	return nil
}

// addressed returns the expression whose address n itself takes, or nil.
func (p typedPackage) addressed(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return n.X
		}
	case *ast.SliceExpr:
		if _, isArray := p.underlying(n.X).(*types.Array); isArray {
			return n.X
		}
	case *ast.SelectorExpr:
		if p.takesAddress(n) {
			return n.X
		}
	}
	return nil
}

// takesAddress says whether s is a method with a pointer receiver, selected from
// a variable.
func (p typedPackage) takesAddress(s *ast.SelectorExpr) bool {
	selection := p.info.Selections[s]
	if selection == nil || selection.Kind() != types.MethodVal {
		return false
	}
	receiver := selection.Obj().(*types.Func).Signature().Recv().Type()
	_, byPointer := receiver.Underlying().(*types.Pointer)
	_, isPointer := selection.Recv().Underlying().(*types.Pointer)
	return byPointer && !isPointer && len(selection.Index()) == 1
}

func (p typedPackage) underlying(e ast.Expr) types.Type {
	if t := p.info.Types[e].Type; t != nil {
		return t.Underlying()
	}
	return nil
}

// packageVariable returns the package variable that e is, or is a part of.
func (p typedPackage) packageVariable(e ast.Expr) *types.Var {
	var name *ast.Ident
	switch e := e.(type) {
	case *ast.Ident:
		name = e
	case *ast.ParenExpr:
		return p.packageVariable(e.X)
	case *ast.StarExpr:
		return p.packageVariable(e.X)
	case *ast.IndexExpr:
		return p.packageVariable(e.X)
	case *ast.SliceExpr:
		return p.packageVariable(e.X)
	case *ast.SelectorExpr:
		if p.info.Selections[e] != nil {
			return p.packageVariable(e.X)
		}
		name = e.Sel // of an imported package
	default:
		return nil
	}
	v, ok := p.info.Uses[name].(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return nil
	}
	return v
}
