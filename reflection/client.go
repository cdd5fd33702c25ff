// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
)

// Client asks servers that offer reflection, of either version. It is safe for
// concurrent use.
type Client struct {
	caller   curlew.Caller
	versions []*curlew.Method // newest first
}

// NewClient returns a client that calls by c.
func NewClient(c curlew.Caller) *Client {
	return &Client{caller: c, versions: []*curlew.Method{
		curlew.BidiStream[request, response](V1+"/"+methodName, nil),
		curlew.BidiStream[request, response](V1Alpha+"/"+methodName, nil),
	}}
}

// Services returns the full names of the server's services.
func (c *Client) Services(ctx context.Context, opts ...curlew.CallOption) ([]string, error) {
	var names []string
	err := c.converse(ctx, opts, func(talk *conversation) error {
		a, err := talk.ask(&request{ListServices: new(string)})
		if err != nil {
			return err
		}
		if a.ListServicesResponse == nil {
			return talk.off("a list of services")
		}
		for _, s := range a.ListServicesResponse.Service {
			names = append(names, s.Name)
		}
		return nil
	})
	return names, err
}

// maxFiles bounds what a server can make a client remember.
const maxFiles = 10_000

// Files returns the file that declares a symbol, a service for instance, and
// all that it imports, as far as the server knows them. What it does not know is
// a placeholder.
func (c *Client) Files(ctx context.Context, symbol string, opts ...curlew.CallOption) (*protoregistry.Files, error) {
	var set *descriptorpb.FileDescriptorSet
	err := c.converse(ctx, opts, func(talk *conversation) error {
		asked := make(map[string]bool)
		err := talk.files(&request{FileContainingSymbol: &symbol})
		for i := 0; err == nil && i < len(talk.set.File); i++ {
			for _, path := range talk.set.File[i].Dependency {
				if talk.known[path] || asked[path] {
					continue
				}
				asked[path] = true
				if err = talk.files(&request{FileByFilename: &path}); err != nil && !errors.Is(err, curlew.NotFound) {
					return err
				}
				err = nil
			}
		}
		set = &talk.set
		return err
	})
	if err != nil {
		return nil, err
	}
	files, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(set)
	if err != nil {
		return nil, curlew.Errorf(curlew.Internal, "the server's description of %s is not valid: %v", symbol, err).WithCause(err)
	}
	return files, nil
}

// converse opens a stream of the newest version that the server has, and ends
// it when talk returns.
func (c *Client) converse(ctx context.Context, opts []curlew.CallOption, talk func(*conversation) error) error {
	var err error
	for _, m := range c.versions {
		var stream curlew.Dialogue[request, response]
		if stream, err = curlew.OpenBidi[request, response](ctx, c.caller, m, opts...); err != nil {
			return err
		}
		if err = talk(&conversation{ctx: ctx, method: m, stream: stream, known: make(map[string]bool)}); err == nil {
			leave(ctx, stream)
		}
		stream.Close()
		if !errors.Is(err, curlew.Unimplemented) {
			return err
		}
	}
	return err
}

// leave ends a stream in which all questions were answered as the server
// expects it. How it ends makes no difference.
func leave(ctx context.Context, stream curlew.Dialogue[request, response]) {
	if stream.CloseSend() == nil {
		_, _ = stream.Receive(ctx)
	}
}

// A conversation is one stream on a client, and the files that came by it.
type conversation struct {
	ctx    context.Context
	method *curlew.Method
	stream curlew.Dialogue[request, response]
	set    descriptorpb.FileDescriptorSet
	known  map[string]bool // paths of set's files
}

// ask asks one question. An answer that is an error becomes one.
func (t *conversation) ask(q *request) (*response, error) {
	if err := t.stream.Send(t.ctx, q); err != nil && err != io.EOF { // io.EOF: Receive tells why
		return nil, err
	}
	a, err := t.stream.Receive(t.ctx)
	switch {
	case err == io.EOF:
		return nil, t.off("an answer")
	case err != nil:
		return nil, err
	case a.ErrorResponse != nil:
		return nil, curlew.NewError(curlew.Code(a.ErrorResponse.ErrorCode), a.ErrorResponse.ErrorMessage).WithOrigin(curlew.OriginServer)
	}
	return a, nil
}

// files adds the files of an answer that are new.
func (t *conversation) files(q *request) error {
	a, err := t.ask(q)
	if err != nil {
		return err
	}
	if a.FileDescriptorResponse == nil {
		return t.off("files")
	}
	for _, b := range a.FileDescriptorResponse.FileDescriptorProto {
		file := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(b, file); err != nil {
			return t.off("files that are protobuf")
		}
		if !t.known[file.GetName()] {
			t.known[file.GetName()] = true
			t.set.File = append(t.set.File, file)
		}
	}
	if len(t.set.File) > maxFiles {
		return curlew.Errorf(curlew.ResourceExhausted, "the server describes more than %d files", maxFiles)
	}
	return nil
}

// off is the error of an answer that has not what was asked for.
func (t *conversation) off(what string) error {
	return curlew.Errorf(curlew.Internal, "%s: the server did not send %s", t.method.FullName(), what)
}
