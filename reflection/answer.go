// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
)

// answer answers one question. sent holds the paths of the files that the
// stream has had, and gets those of this answer.
func (x *index) answer(q *request, sent map[string]bool) *response {
	a := &response{ValidHost: q.Host, OriginalRequest: q}
	var file protoreflect.FileDescriptor
	var err *curlew.Error
	switch {
	case q.ListServices != nil:
		a.ListServicesResponse = x.listServices()
	case q.AllExtensionNumbersOfType != nil:
		a.AllExtensionNumbersResponse, err = x.extensionNumbers(*q.AllExtensionNumbersOfType)
	case q.FileByFilename != nil:
		file, err = x.fileByName(*q.FileByFilename)
	case q.FileContainingSymbol != nil:
		file, err = x.fileBySymbol(*q.FileContainingSymbol)
	case q.FileContainingExtension != nil:
		file, err = x.fileByExtension(q.FileContainingExtension)
	default:
		err = curlew.NewError(curlew.InvalidArgument, "the request asks for nothing: set one field of message_request that this server knows")
	}
	if file != nil {
		a.FileDescriptorResponse = x.withImports(file, sent)
	}
	if err != nil {
		a.ErrorResponse = &errorResponse{int32(err.Code()), err.Message()}
	}
	return a
}

func (x *index) listServices() *listServiceResponse {
	list := new(listServiceResponse)
	for _, s := range x.services {
		list.Service = append(list.Service, serviceResponse{s.Name()})
	}
	return list
}

func (x *index) fileByName(path string) (protoreflect.FileDescriptor, *curlew.Error) {
	file, err := x.files.FindFileByPath(path)
	if err != nil {
		return nil, curlew.Errorf(curlew.NotFound, "no service here is declared in a file %s or imports it", quote(path))
	}
	return file, nil
}

func (x *index) fileBySymbol(name string) (protoreflect.FileDescriptor, *curlew.Error) {
	full := protoreflect.FullName(name)
	if d, err := x.files.FindDescriptorByName(full); err == nil {
		return d.ParentFile(), nil
	}
	for _, service := range []protoreflect.FullName{full, full.Parent()} {
		if err := x.problems[string(service)]; err != nil {
			return nil, curlew.Errorf(curlew.NotFound, "service %s is here, but protobuf cannot describe it: %v", service, err)
		}
	}
	return nil, curlew.Errorf(curlew.NotFound, "no service here declares %s or refers to it", quote(name))
}

func (x *index) fileByExtension(q *extensionRequest) (protoreflect.FileDescriptor, *curlew.Error) {
	file := x.extensions[protoreflect.FullName(q.ContainingType)][protoreflect.FieldNumber(q.ExtensionNumber)]
	if file == nil {
		return nil, curlew.Errorf(curlew.NotFound, "message %s has no extension %d here", quote(q.ContainingType), q.ExtensionNumber)
	}
	return file, nil
}

func (x *index) extensionNumbers(name string) (*extensionNumberResponse, *curlew.Error) {
	full := protoreflect.FullName(name)
	d, err := x.files.FindDescriptorByName(full)
	if _, ok := d.(protoreflect.MessageDescriptor); err != nil || !ok {
		return nil, curlew.Errorf(curlew.NotFound, "no service here refers to a message %s", quote(name))
	}
	a := &extensionNumberResponse{BaseTypeName: name}
	for _, number := range slices.Sorted(maps.Keys(x.extensions[full])) {
		a.ExtensionNumber = append(a.ExtensionNumber, int32(number))
	}
	return a, nil
}

// withImports returns a file and all that it imports, directly or not, less
// what was sent. The file itself is always there, and comes first.
func (x *index) withImports(file protoreflect.FileDescriptor, sent map[string]bool) *fileDescriptorResponse {
	a := new(fileDescriptorResponse)
	queued := map[string]bool{file.Path(): true}
	for queue := []protoreflect.FileDescriptor{file}; len(queue) > 0; queue = queue[1:] {
		path := queue[0].Path()
		if b := x.encoded[path]; b != nil && (path == file.Path() || !sent[path]) {
			a.FileDescriptorProto = append(a.FileDescriptorProto, b)
			sent[path] = true
		}
		for i := range queue[0].Imports().Len() {
			if imported := queue[0].Imports().Get(i).FileDescriptor; !queued[imported.Path()] {
				queued[imported.Path()] = true
				queue = append(queue, imported)
			}
		}
	}
	return a
}

// quote quotes a stranger's text, shortened.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
	}
	return strconv.Quote(s)
}
