// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// jsonAllowed reports whether a message or an enum must have a JSON form.
func jsonAllowed(d protoreflect.Descriptor) bool {
	return feature(d, "json_format") == protoreflect.EnumNumber(descriptorpb.FeatureSet_ALLOW)
}

// validatesUTF8 reports whether readers insist on UTF-8 in a string.
func validatesUTF8(f protoreflect.FieldDescriptor) bool {
	return feature(f, "utf8_validation") == protoreflect.EnumNumber(descriptorpb.FeatureSet_VERIFY)
}

// feature returns what a feature of an element resolves to; 0, which all features
// have for what is not known, if it cannot be resolved.
func feature(d protoreflect.Descriptor, name protoreflect.Name) protoreflect.EnumNumber {
	field := (*descriptorpb.FeatureSet)(nil).ProtoReflect().Descriptor().Fields().ByName(name)
	v, err := protoutil.ResolveFeature(d, field)
	if err != nil {
		return 0
	}
	return v.Enum()
}
