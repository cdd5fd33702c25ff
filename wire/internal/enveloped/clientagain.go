// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped

import (
	"context"
	"io"
	"slices"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// A server that goes away, a proxy that is reloaded for instance, tells which
// streams it has not begun and never will (RFC 9113, section 6.8). A unary call
// is made again by whoever made it. Of a stream, Open has returned by then: here
// the call of a server stream, whose one request is kept until there is an
// answer, begins again on a connection that succeeds the session's.

const (
	maxKept  = 256 << 10 // bytes of a request that is kept
	maxAgain = 3         // times that a call begins again
	maxNext  = 4         // connections after the session's own
)

// write writes a request. The one of a server stream is kept: then the error is
// nil unless ctx has ended, for Receive knows what became of it, and begins the
// call again if need be.
func (st *clientStream) write(ctx context.Context, request *bufpool.Buf) error {
	st.mu.Lock()
	st.requests++
	keep := st.method.Kind() == curlew.KindServerStream && st.requests == 1 && len(request.B) <= maxKept
	if st.requests == 2 && !st.busy { // the method has one; whatever this is, it is not repeated
		st.dropKept()
	}
	st.mu.Unlock()
	if !keep {
		return httpwire.Write(ctx, st.x, request)
	}
	_, err := st.x.Write(ctx, request.B)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.over || st.hasHead {
		request.Free()
		return err
	}
	st.kept = request
	if ctx.Err() == nil {
		return nil
	}
	return err
}

// dropKept frees the kept request. mu is held, and the caller has the turn or
// nobody has.
func (st *clientStream) dropKept() {
	if st.kept != nil {
		st.kept.Free()
		st.kept = nil
	}
}

// again begins the call again after err, if the server has not begun it and
// the request is complete. The caller has the turn.
func (st *clientStream) again(ctx context.Context, err error) bool {
	if e := curlew.ErrorOf(err); !e.Retryable() || e.Code() != curlew.Unavailable || ctx.Err() != nil {
		return false
	}
	st.mu.Lock()
	request := st.kept
	possible := request != nil && st.complete && st.requests == 1 && !st.over && st.repeats < maxAgain
	st.repeats++
	st.mu.Unlock()
	if !possible {
		return false
	}
	transport, failed := st.session.next(ctx)
	if failed != nil {
		return false
	}
	head := st.request // with the timeout of before, which is too long if at all
	head.Length = int64(len(request.B))
	x, failed := transport.Do(ctx, &head)
	if failed != nil {
		return false
	}
	if _, failed = x.Write(ctx, request.B); failed == nil {
		failed = x.CloseWrite()
	}
	if failed != nil && failed != io.EOF { // which tells that there is an answer already
		x.Reset(failed)
		return false
	}
	st.mu.Lock()
	old := st.x
	over := st.over
	if !over {
		st.x = x
	}
	st.mu.Unlock()
	if over {
		x.Reset(err)
		return false
	}
	old.Reset(err)
	return true
}

// successors are the connections that a session's streams go on with when its
// own is going away. They end with the session.
type successors struct {
	token  chan struct{} // of capacity 1: full while somebody looks at the rest, or dials
	all    []wire.HTTPTransport
	closed context.Context
	close  context.CancelFunc
}

func newSuccessors() successors {
	s := successors{token: make(chan struct{}, 1)}
	s.closed, s.close = context.WithCancel(context.Background())
	return s
}

// next returns the last successor, a new one if that is going away too.
func (s *Session) next(ctx context.Context) (wire.HTTPTransport, error) {
	n := &s.successors
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(n.closed, stop)()
	select {
	case n.token <- struct{}{}:
		defer func() { <-n.token }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(n.all) > 0 {
		last := n.all[len(n.all)-1]
		select {
		case <-last.Draining():
		default:
			return last, nil
		}
	}
	if len(n.all) == maxNext || n.closed.Err() != nil {
		return nil, curlew.Errorf(curlew.Unavailable, "%s goes away again and again", s.remote)
	}
	transport, err := s.client.dial(ctx, s.remote)
	if err != nil {
		return nil, err
	}
	n.all = append(n.all, transport)
	return transport, nil
}

// Close implements [wire.Session].
func (s *Session) Close(cause error) error {
	err := s.HTTPTransport.Close(cause)
	n := &s.successors
	n.close()
	n.token <- struct{}{}
	all := slices.Clone(n.all)
	<-n.token
	for _, transport := range all {
		transport.Close(cause)
	}
	return err
}
