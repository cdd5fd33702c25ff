// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"context"
	"maps"
	"sync"

	"github.com/curlewrpc/curlew"
)

// ServiceName is the name of the service that [Health.Service] returns.
const ServiceName = "grpc.health.v1.Health"

// Health holds the status of services. It is safe for concurrent use.
type Health struct {
	mu       sync.Mutex // guards the rest
	statuses map[string]Status
	changed  chan struct{} // closed by the next change
}

// New returns a Health that knows one status: the server as a whole, "", is
// serving.
func New() *Health {
	return &Health{statuses: map[string]Status{"": Serving}, changed: make(chan struct{})}
}

// Set gives a service a status, and tells those who watch it. Who watches
// slowly sees the latest status, not each one.
func (h *Health) Set(service string, s Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, ok := h.statuses[service]; ok && old == s {
		return
	}
	h.statuses[service] = s
	close(h.changed)
	h.changed = make(chan struct{})
}

// get returns a service's status, whether it is known, and a channel that is
// closed when that may have changed.
func (h *Health) get(service string) (s Status, known bool, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, known = h.statuses[service]
	return s, known, h.changed
}

// Status returns a service's status, which is [ServiceUnknown] if it was never
// set, and a channel that is closed when that may have changed.
func (h *Health) Status(service string) (s Status, changed <-chan struct{}) {
	s, known, changed := h.get(service)
	if !known {
		s = ServiceUnknown
	}
	return s, changed
}

// Service returns the service that answers questions about h, to be registered
// with servers.
func (h *Health) Service() *curlew.Service {
	return curlew.NewService(ServiceName,
		curlew.Unary("Check", h.check, curlew.NoSideEffects),
		curlew.Unary("List", h.list, curlew.NoSideEffects),
		curlew.ServerStream("Watch", h.watch, curlew.NoSideEffects),
	)
}

func (h *Health) check(ctx context.Context, request *checkRequest) (*checkResponse, error) {
	s, known, _ := h.get(request.Service)
	if !known {
		return nil, curlew.Errorf(curlew.NotFound, "nothing is known of the health of service %q", request.Service)
	}
	if draining(ctx) {
		s = NotServing
	}
	return &checkResponse{s}, nil
}

// maxListed is how many services health.proto lets a List tell of.
const maxListed = 100

func (h *Health) list(ctx context.Context, _ *listRequest) (*listResponse, error) {
	h.mu.Lock()
	statuses := maps.Clone(h.statuses)
	h.mu.Unlock()
	if len(statuses) > maxListed {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%d services are more than the %d that List may tell of; check them one by one", len(statuses), maxListed)
	}
	away := draining(ctx)
	response := &listResponse{Statuses: make(map[string]checkResponse, len(statuses))}
	for service, s := range statuses {
		if away {
			s = NotServing
		}
		response.Statuses[service] = checkResponse{s}
	}
	return response, nil
}

// watch sends a service's status and each one that follows, as fast as the
// client takes them, until the client has enough or the server drains.
func (h *Health) watch(ctx context.Context, request *checkRequest, stream curlew.Sender[checkResponse]) error {
	var sent *Status
	for {
		s, known, changed := h.get(request.Service)
		if !known {
			s = ServiceUnknown
		}
		away := draining(ctx)
		if away {
			s = NotServing
		}
		if sent == nil || *sent != s {
			if err := stream.Send(ctx, &checkResponse{s}); err != nil {
				return err
			}
			sent = &s
		}
		if away {
			return curlew.NewError(curlew.Unavailable, "the server shuts down; watch another one")
		}
		select {
		case <-changed:
		case <-curlew.CallFrom(ctx).Draining():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// draining reports whether the server that serves the call shuts down.
func draining(ctx context.Context) bool {
	select {
	case <-curlew.CallFrom(ctx).Draining():
		return true
	default:
		return false
	}
}
