// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package enveloped_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// leaving is a transport that can be told to go away, and to end.
type leaving struct {
	*transport
	away   chan struct{}
	closed chan error
}

func (l *leaving) Draining() <-chan struct{} { return l.away }

func (l *leaving) Close(cause error) error {
	l.closed <- cause
	return nil
}

// fleet gives a transport for each answer, the last again and again.
type fleet struct {
	mu      sync.Mutex
	answers []answer
	dialed  []*leaving
	fails   error         // of dialing, but for the first
	hold    chan struct{} // what dialing waits for, but for the first
}

func (f *fleet) dial(ctx context.Context, _ *wire.Remote) (wire.HTTPTransport, error) {
	f.mu.Lock()
	n := len(f.dialed)
	f.mu.Unlock()
	if n > 0 && f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > 0 && f.fails != nil {
		return nil, f.fails
	}
	l := &leaving{transport: &transport{answer: f.answers[min(n, len(f.answers)-1)]}, away: make(chan struct{}), closed: make(chan error, 1)}
	f.dialed = append(f.dialed, l)
	return l, nil
}

func (f *fleet) connect(t *testing.T, mediaType string) wire.Session {
	t.Helper()
	s, err := client(mediaType, f.dial).Connect(context.Background(), &wire.Remote{Address: "there:1", Authority: "there"})
	assert.NoError(t, err)
	return s
}

func goingAway() *curlew.Error {
	return curlew.NewError(curlew.Unavailable, "there is going away").WithOrigin(curlew.OriginTransport)
}

// TestClientBeginsAgain has a server refuse a server stream that it has not
// begun: its caller does not see that.
func TestClientBeginsAgain(t *testing.T) {
	for _, mediaType := range []string{asGRPC, asWeb, asConnect} {
		t.Run(mediaType, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused := answer{err: goingAway().WithProgress(curlew.Refused)}
				f := &fleet{answers: []answer{refused, well(mediaType, one, two)}}
				s := f.connect(t, mediaType)
				for range 2 { // the second goes by the same successor
					st := open(t, t.Context(), s, download())
					assert.NoError(t, st.Send(t.Context(), &Text{"hello"}))
					assert.NoError(t, st.CloseSend())
					texts, err := all(t.Context(), st)
					assert.NoError(t, err)
					assert.Equal(t, texts, []string{"one", "two"})
					assert.Equal(t, st.Trailer().Get("x-end"), "fog")
					assert.NoError(t, st.Close())
				}
				assert.Equal(t, len(f.dialed), 2)
				old, next := f.dialed[0], f.dialed[1]
				request := envelope(0, `{"Value":"hello"}`)
				assert.Equal(t, next.exchange.sent.String(), request)
				assert.Equal(t, next.exchange.request.Length, int64(len(request)))
				assert.Equal(t, next.exchange.request.Fields, old.exchange.request.Fields)
				assert.True(t, next.exchange.closed)
				assert.Equal(t, next.exchange.resets, []error{nil})
				assert.Equal(t, len(old.exchange.resets), 1, "the refused exchange is released")

				assert.NoError(t, s.Close(errReset))
				assert.ErrorIs(t, <-old.closed, errReset)
				assert.ErrorIs(t, <-next.closed, errReset)
			})
		})
	}
}

// TestClientEndsWhereRefused has what is not begun again.
func TestClientEndsWhereRefused(t *testing.T) {
	refused := answer{err: goingAway().WithProgress(curlew.Refused)}
	for name, test := range map[string]struct {
		fleet  *fleet
		method *curlew.Method
		call   func(context.Context, curlew.Stream)
		dialed int
	}{
		"the server may have begun it": {fleet: &fleet{answers: []answer{{err: goingAway()}}}, dialed: 1},
		"not because of the connection": {fleet: &fleet{answers: []answer{{err: curlew.NewError(curlew.InvalidArgument, "no").WithProgress(curlew.NotSent)}}},
			dialed: 1},
		"again and again": {fleet: &fleet{answers: []answer{refused}}, dialed: 2},
		"nobody there":    {fleet: &fleet{answers: []answer{refused}, fails: errors.New("nobody")}, dialed: 1},
		"a client stream": {fleet: &fleet{answers: []answer{refused}}, method: upload(), dialed: 1},
		"a conversation":  {fleet: &fleet{answers: []answer{refused}}, method: chat(), dialed: 1},
		"a large request": {fleet: &fleet{answers: []answer{refused}}, call: sends(strings.Repeat("x", 300<<10)), dialed: 1},
		"two requests":    {fleet: &fleet{answers: []answer{refused}}, call: sends("one", "two"), dialed: 1},
		"the requests last": {fleet: &fleet{answers: []answer{refused}}, dialed: 1, call: func(ctx context.Context, s curlew.Stream) {
			s.Send(ctx, &Text{"hello"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.method == nil {
					test.method = download()
				}
				if test.call == nil {
					test.call = sends("hello")
				}
				s := test.fleet.connect(t, asGRPC)
				st := open(t, t.Context(), s, test.method)
				test.call(t.Context(), st)
				_, err := all(t.Context(), st)
				assert.Equal(t, curlew.CodeOf(err), curlew.CodeOf(test.fleet.answers[0].err))
				assert.Equal(t, len(test.fleet.dialed), test.dialed)
				assert.NoError(t, st.Close())
				assert.NoError(t, s.Close(nil))
			})
		})
	}
}

func sends(texts ...string) func(context.Context, curlew.Stream) {
	return func(ctx context.Context, s curlew.Stream) {
		for _, text := range texts {
			s.Send(ctx, &Text{text})
		}
		s.CloseSend()
	}
}

// TestClientBeginsAgainNoMore ends the call, and the session, while a successor
// is dialed.
func TestClientBeginsAgainNoMore(t *testing.T) {
	refused := answer{err: goingAway().WithProgress(curlew.Refused)}
	for name, end := range map[string]func(wire.Session, wire.ClientStream, context.CancelFunc){
		"the caller gives up": func(_ wire.Session, _ wire.ClientStream, cancel context.CancelFunc) { cancel() },
		"the session ends":    func(s wire.Session, _ wire.ClientStream, _ context.CancelFunc) { s.Close(errReset) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fleet{answers: []answer{refused}, hold: make(chan struct{})}
				s := f.connect(t, asGRPC)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				st := open(t, ctx, s, download())
				sends("hello")(ctx, st)
				ended := make(chan error, 1)
				go func() { ended <- st.Receive(ctx, new(Text)) }()
				synctest.Wait()
				end(s, st, cancel)
				err := <-ended
				if code := curlew.CodeOf(err); code != curlew.Canceled && code != curlew.Unavailable {
					t.Errorf("the call ended with %v", err)
				}
				assert.NoError(t, st.Close())
				assert.Equal(t, len(f.dialed), 1)
			})
		})
	}
}

// TestClientSuccessorLeaves has the successor go away too.
func TestClientSuccessorLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := answer{err: goingAway().WithProgress(curlew.Refused)}
		f := &fleet{answers: []answer{refused, well(asGRPC, one)}}
		s := f.connect(t, asGRPC)
		want := []error{nil, nil, nil, nil, curlew.Unavailable} // a session has four successors
		for i, want := range want {
			st := open(t, t.Context(), s, download())
			sends("hello")(t.Context(), st)
			_, err := all(t.Context(), st)
			assert.ErrorIs(t, err, want)
			assert.NoError(t, st.Close())
			if want == nil {
				close(f.dialed[i+1].away)
			}
		}
		assert.NoError(t, s.Close(nil))
		assert.Equal(t, len(f.dialed), 5)
		for _, l := range f.dialed {
			assert.NoError(t, <-l.closed)
		}
	})
}
