// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/reflection"
)

func TestClientOfOldServer(t *testing.T) {
	services := []*curlew.Service{arith()}
	old := reflection.New(func() []*curlew.Service { return services })[1]
	assert.Equal(t, old.Name(), reflection.V1Alpha)
	c := curlewtest.Start(t, bare(t, arith(), old)).Client()
	names, err := reflection.NewClient(c).Services(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, names, []string{"shop.Arith"})
	assert.Equal(t, find[protoreflect.ServiceDescriptor](t, c, "shop.Arith").Methods().Len(), 2)
}

func TestClientErrors(t *testing.T) {
	c := reflection.NewClient(curlewtest.Start(t, bare(t, arith())).Client())
	_, err := c.Services(t.Context())
	assert.ErrorIs(t, err, curlew.Unimplemented)
	c = reflection.NewClient(serve(t, nil, arith()))
	_, err = c.Files(t.Context(), "shop.Nothing")
	assert.ErrorIs(t, err, curlew.NotFound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Services(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}

// strange is a server whose reflection answers as it likes; nil ends the stream.
func strange(t *testing.T, answer func(*reflection.Request) *reflection.Response) *reflection.Client {
	return reflection.NewClient(curlewtest.Start(t, bare(t, curlew.NewService(reflection.V1,
		curlew.BidiStream("ServerReflectionInfo", func(ctx context.Context, s curlew.Bidi[reflection.Request, reflection.Response]) error {
			for q, err := range s.All(ctx) {
				if err != nil {
					return err
				}
				a := answer(q)
				if a == nil {
					return nil
				}
				if err := s.Send(ctx, a); err != nil {
					return err
				}
			}
			return nil
		})))).Client())
}

func TestClientOfStrangeServers(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer *reflection.Response
		code   curlew.Code
		text   string
	}{
		{"end", nil, curlew.Internal, "did not send an answer"},
		{"empty", &reflection.Response{}, curlew.Internal, "did not send files"},
		{"error", &reflection.Response{ErrorResponse: &reflection.ErrorResponse{ErrorCode: int32(curlew.PermissionDenied), ErrorMessage: "go away"}}, curlew.PermissionDenied, "go away"},
		{"not protobuf", filesOf([]byte("nonsense")), curlew.Internal, "files that are protobuf"},
		{"not valid", filesOf([]byte{0x0a, 1, 'a', 0x12, 1, '!'}), curlew.Internal, "not valid"},
	} {
		_, err := strange(t, func(*reflection.Request) *reflection.Response { return test.answer }).Files(t.Context(), "a.B")
		assert.ErrorIs(t, err, test.code, test.name)
		assert.Contains(t, err.Error(), test.text, test.name)
	}
	_, err := strange(t, func(*reflection.Request) *reflection.Response { return &reflection.Response{} }).Services(t.Context())
	assert.Contains(t, err.Error(), "did not send a list of services")
}

func filesOf(encoded ...[]byte) *reflection.Response {
	return &reflection.Response{FileDescriptorResponse: &reflection.FileDescriptorResponse{FileDescriptorProto: encoded}}
}

// TestClientFetchesImports uses a server that sends one file at a time, each
// twice, and lacks one that is imported.
func TestClientFetchesImports(t *testing.T) {
	file := echoFile("echo.proto", "files")
	var asked []string
	c := strange(t, func(q *reflection.Request) *reflection.Response {
		var found protoreflect.FileDescriptor
		if q.FileContainingSymbol != nil {
			found = file
		} else {
			asked = append(asked, *q.FileByFilename)
			for i := range file.Imports().Len() {
				if imported := file.Imports().Get(i); imported.Path() == *q.FileByFilename {
					found = imported
				}
			}
		}
		if found == nil {
			return &reflection.Response{ErrorResponse: &reflection.ErrorResponse{ErrorCode: int32(curlew.NotFound)}}
		}
		b, err := proto.Marshal(protodesc.ToFileDescriptorProto(found))
		assert.NoError(t, err)
		return filesOf(b, b)
	})
	files, err := c.Files(t.Context(), "files.Echo")
	assert.NoError(t, err)
	assert.Equal(t, files.NumFiles(), 3)
	slices.Sort(asked)
	assert.Equal(t, asked, []string{
		"google/protobuf/api.proto", "google/protobuf/source_context.proto", "google/protobuf/type.proto", "google/protobuf/wrappers.proto",
	})
}
