// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"embed"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The messages of reflection.proto, which are the same in both versions, as
// plain Go types: the same on the wire. Of the fields of a oneof, those that
// are pointers, one is set.

type request struct {
	Host                      string            `curlew:"1" json:"host"`
	FileByFilename            *string           `curlew:"3" json:"fileByFilename"`
	FileContainingSymbol      *string           `curlew:"4" json:"fileContainingSymbol"`
	FileContainingExtension   *extensionRequest `curlew:"5" json:"fileContainingExtension"`
	AllExtensionNumbersOfType *string           `curlew:"6" json:"allExtensionNumbersOfType"`
	ListServices              *string           `curlew:"7" json:"listServices"`
}

type extensionRequest struct {
	ContainingType  string `curlew:"1" json:"containingType"`
	ExtensionNumber int32  `curlew:"2" json:"extensionNumber"`
}

type response struct {
	ValidHost                   string                   `curlew:"1" json:"validHost"`
	OriginalRequest             *request                 `curlew:"2" json:"originalRequest"`
	FileDescriptorResponse      *fileDescriptorResponse  `curlew:"4" json:"fileDescriptorResponse"`
	AllExtensionNumbersResponse *extensionNumberResponse `curlew:"5" json:"allExtensionNumbersResponse"`
	ListServicesResponse        *listServiceResponse     `curlew:"6" json:"listServicesResponse"`
	ErrorResponse               *errorResponse           `curlew:"7" json:"errorResponse"`
}

type fileDescriptorResponse struct {
	FileDescriptorProto [][]byte `curlew:"1" json:"fileDescriptorProto"`
}

type extensionNumberResponse struct {
	BaseTypeName    string  `curlew:"1" json:"baseTypeName"`
	ExtensionNumber []int32 `curlew:"2" json:"extensionNumber"`
}

type listServiceResponse struct {
	Service []serviceResponse `curlew:"1" json:"service"`
}

type serviceResponse struct {
	Name string `curlew:"1" json:"name"`
}

type errorResponse struct {
	ErrorCode    int32  `curlew:"1" json:"errorCode"`
	ErrorMessage string `curlew:"2" json:"errorMessage"`
}

// The names of the services that [New] returns. The two versions differ in
// nothing else.
const (
	V1      = "grpc.reflection.v1.ServerReflection"
	V1Alpha = "grpc.reflection.v1alpha.ServerReflection"
)

const methodName = "ServerReflectionInfo"

//go:embed descriptors.binpb
var descriptors embed.FS

// ownFiles returns the descriptors of the protocol's two versions, on a
// registry of their own.
func ownFiles() []protoreflect.FileDescriptor {
	var set descriptorpb.FileDescriptorSet
	b, err := descriptors.ReadFile("descriptors.binpb")
	if err == nil {
		err = proto.Unmarshal(b, &set)
	}
	var files []protoreflect.FileDescriptor
	for _, described := range set.File {
		file, broken := protodesc.NewFile(described, nil)
		if broken != nil {
			err = broken
			break
		}
		files = append(files, file)
	}
	if err != nil {
		panic(fmt.Sprintf("reflection: this package was built with broken descriptors: %v", err))
	}
	return files
}
