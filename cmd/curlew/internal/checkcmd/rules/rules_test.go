// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

func ExampleCompare() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	version := func(name, field string) rules.Set {
		path := filepath.Join(dir, name)
		source := fmt.Sprintf("syntax = \"proto3\";\npackage shop.v1;\nmessage Item { %s = 1; }\n", field)
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			panic(err)
		}
		result, err := protofiles.Compile(context.Background(), []string{dir}, path)
		if err != nil {
			panic(err)
		}
		return result.Named
	}
	for _, f := range rules.Compare(version("old.proto", "int32 count"), version("new.proto", "int64 count")) {
		fmt.Println(f.Severity, f.Rule, f.Element, f.New.Line)
	}
	// Output: json field-type-changed shop.v1.Item.count 3
}

func TestSeverities(t *testing.T) {
	for s := rules.Source; s <= rules.Wire; s++ {
		if got, err := rules.ParseSeverity(s.String()); err != nil || got != s {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	if _, err := rules.ParseSeverity("file"); err == nil {
		t.Error("there is no severity called file")
	}
}

// FuzzCompare compares any two sets of descriptors, such as a server may send.
func FuzzCompare(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/corpus/*/before*")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds:", err)
	}
	for i, seed := range seeds {
		if i%5 == 0 {
			f.Add(encode(f, seed), encode(f, seeds[(i+5)%len(seeds)]))
			f.Add(encode(f, seed), encode(f, filepath.Join(filepath.Dir(seed), "after"+filepath.Ext(seed))))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		old, new := decode(a), decode(b)
		for _, finding := range rules.Compare(old, new) {
			if finding.Rule == "" || finding.Severity < rules.Source || finding.Severity > rules.Wire || finding.Reason == "" || finding.Fix == "" {
				t.Errorf("%+v", finding)
			}
		}
		if found := rules.Compare(old, old); len(found) > 0 {
			t.Errorf("not compatible with itself: %+v", found)
		}
	})
}

func encode(tb testing.TB, path string) []byte {
	tb.Helper()
	named := []string{path}
	if filepath.Ext(path) == "" {
		var err error
		if named, err = protofiles.Find(path); err != nil {
			tb.Fatal(err)
		}
	}
	dir := filepath.Dir(named[0])
	if filepath.Ext(path) == "" {
		dir = path
	}
	result, err := protofiles.Compile(tb.Context(), []string{dir}, named...)
	if err != nil {
		tb.Fatal(err)
	}
	set := new(descriptorpb.FileDescriptorSet)
	for _, file := range result.Named {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	b, err := proto.Marshal(set)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// decode returns the files of a set, none if they do not fit together.
func decode(b []byte) rules.Set {
	set := new(descriptorpb.FileDescriptorSet)
	if proto.Unmarshal(b, set) != nil {
		return nil
	}
	files, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil
	}
	var all rules.Set
	for _, file := range set.File {
		if d, err := files.FindFileByPath(file.GetName()); err == nil {
			all = append(all, protoreflect.FileDescriptor(d))
		}
	}
	return all
}
