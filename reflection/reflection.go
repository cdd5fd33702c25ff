// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"context"
	"io"
	"slices"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
)

// New returns the services that describe those which list returns, one for each
// version of the protocol, to be registered with a server. list is called for
// every question and may be called concurrently: services may come later.
//
// A service whose full name one of the files declares is described by that
// file, as is one whose generated code is linked into the program, if its
// methods and messages are those of the file. All others are derived.
func New(list func() []*curlew.Service, files ...protoreflect.FileDescriptor) []*curlew.Service {
	r := &reflector{list: list, files: append(ownFiles(), files...)}
	return []*curlew.Service{
		curlew.NewService(V1, curlew.BidiStream(methodName, r.serve)),
		curlew.NewService(V1Alpha, curlew.BidiStream(methodName, r.serve)),
	}
}

// A reflector answers questions. It is safe for concurrent use.
type reflector struct {
	list  func() []*curlew.Service
	files []protoreflect.FileDescriptor

	mu      sync.Mutex
	current *index // of the services that were listed last; guarded by mu
}

// index returns the index of the services that there are now.
func (r *reflector) index() *index {
	services := r.list()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil || !slices.Equal(r.current.services, services) {
		r.current = newIndex(slices.Clone(services), r.files)
	}
	return r.current
}

// serve answers the questions of one stream, each by one answer.
func (r *reflector) serve(ctx context.Context, stream curlew.Bidi[request, response]) error {
	var last *index
	var sent map[string]bool
	receiving := drainContext{ctx, curlew.CallFrom(ctx).Draining()}
	for {
		q, err := stream.Receive(receiving)
		switch {
		case err == io.EOF:
			return nil
		case err != nil && receiving.Err() != nil && ctx.Err() == nil:
			return curlew.NewError(curlew.Unavailable, "the server shuts down; ask another one")
		case err != nil:
			return err
		}
		x := r.index()
		if x != last { // files of one name may differ
			last, sent = x, make(map[string]bool)
		}
		if err := stream.Send(ctx, x.answer(q, sent)); err != nil {
			return err
		}
	}
}

// drainContext ends, beside when its parent's call does, when a server drains.
// It is good for waiting on that call's own stream, which ends by itself when
// the parent does.
type drainContext struct {
	context.Context
	draining <-chan struct{}
}

func (c drainContext) Done() <-chan struct{} { return c.draining }

func (c drainContext) Err() error {
	select {
	case <-c.draining:
		return context.Canceled
	default:
		return c.Context.Err()
	}
}
