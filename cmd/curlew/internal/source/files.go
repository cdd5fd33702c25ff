// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// DescriptorSet reads files that hold a google.protobuf.FileDescriptorSet each,
// as protoc --descriptor_set_out --include_imports and buf build write them.
func DescriptorSet(paths ...string) (*Source, error) {
	all := new(descriptorpb.FileDescriptorSet)
	known := make(map[string]bool)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		set := new(descriptorpb.FileDescriptorSet)
		if err := proto.Unmarshal(b, set); err != nil || len(set.File) == 0 {
			return nil, fmt.Errorf("%s: this is no descriptor set; make one by protoc --include_imports --descriptor_set_out=FILE or buf build -o FILE", path)
		}
		for _, file := range set.File {
			if !known[file.GetName()] {
				known[file.GetName()] = true
				all.File = append(all.File, file)
			}
		}
	}
	s, err := newSource("in "+strings.Join(paths, ", "), all)
	if err != nil {
		return nil, err
	}
	for _, file := range all.File {
		if d, err := s.Files.FindFileByPath(file.GetName()); err == nil {
			s.add(d)
		}
	}
	s.sort()
	return s, nil
}
