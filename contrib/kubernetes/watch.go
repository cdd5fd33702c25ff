// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
)

const (
	// A change is told when nothing else has changed for quiet, at the latest
	// after settled: a rollout of a thousand pods is a few updates.
	quiet   = 5 * time.Millisecond
	settled = 100 * time.Millisecond
	// patience is how long the API server may take for a list.
	patience = 15 * time.Second
	// A watch that ends by itself within brief was none.
	brief = time.Second
)

// watch is one sequence of updates, in the goroutine of whoever ranges over it.
type watch struct {
	client   rest.Interface
	host     string
	yield    func(discovery.Update, error) bool
	set      set
	told     []discovery.Endpoint
	behind   bool // what was told last is an error, or nothing
	failures int  // in a row
}

// errDone ends a watch: nobody listens any more.
var errDone = errors.New("the watch has ended")

// errRelist says that a list is needed.
var errRelist = errors.New("kubernetes: the API server has forgotten what was missed")

func (w *watch) run(ctx context.Context) {
	w.behind = true
	for {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil || err == errDone:
			return
		case err == nil: // not everybody at the same time, if it restarts
			if !resilience.Sleep(ctx, discovery.RetryDelay(1)) {
				return
			}
			continue
		case err == errRelist:
			w.set.listed = false
		default:
			w.behind = true
			if !w.yield(discovery.Update{}, err) {
				return
			}
		}
		w.failures++
		if !resilience.Sleep(ctx, discovery.RetryDelay(w.failures)) {
			return
		}
	}
}

// follow brings the set up to date and follows its changes. It returns nil when
// the API server has ended the watch, as it does every few minutes.
func (w *watch) follow(ctx context.Context) error {
	if !w.set.listed {
		if err := w.list(ctx); err != nil {
			return err
		}
	}
	if !w.tell() {
		return errDone
	}
	events, err := w.request().
		Param("watch", "true").
		Param("allowWatchBookmarks", "true").
		Param("resourceVersion", w.set.version).
		Param("timeoutSeconds", strconv.Itoa(300+rand.IntN(300))).
		Watch(ctx)
	if err != nil {
		return w.explain("watch", err)
	}
	defer events.Stop()
	begin := time.Now()
	err = w.receive(ctx, events.ResultChan())
	if time.Since(begin) >= brief {
		w.failures = 0
	} else if err == nil {
		err = w.explain("watch", errors.New("it closes the connection"))
	}
	return err
}

func (w *watch) request() *rest.Request {
	return w.client.Get().MaxRetries(0).Namespace(w.set.name.namespace).Resource("endpointslices").
		Param("labelSelector", discoveryv1.LabelServiceName+"="+w.set.name.service)
}

func (w *watch) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list := new(discoveryv1.EndpointSliceList)
	if err := w.request().Do(ctx).Into(list); err != nil {
		return w.explain("list", err)
	}
	w.set.replace(list)
	return nil
}

// receive applies what happens and tells it when it has settled, until the
// watch ends.
func (w *watch) receive(ctx context.Context, events <-chan apiwatch.Event) error {
	settle := time.NewTimer(0)
	<-settle.C
	defer settle.Stop()
	var since time.Time // of the first change that is not told; zero if all is
	for {
		select {
		case event, ok := <-events:
			if !ok {
				return w.finish(nil)
			}
			changed, err := w.apply(event)
			if err != nil {
				return w.finish(err)
			}
			if !changed {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			settle.Reset(max(0, min(quiet, settled-time.Since(since))))
		case <-settle.C:
			since = time.Time{}
			if !w.tell() {
				return errDone
			}
		case <-ctx.Done():
			return errDone
		}
	}
}

// finish tells what is not told yet, and returns err unless nobody listens.
func (w *watch) finish(err error) error {
	if !w.tell() {
		return errDone
	}
	return err
}

// apply follows one event, and reports whether it changes the set.
func (w *watch) apply(event apiwatch.Event) (changed bool, err error) {
	if event.Type == apiwatch.Error {
		return false, w.explain("watch", apierrors.FromObject(event.Object))
	}
	slice, ok := event.Object.(*discoveryv1.EndpointSlice)
	if !ok {
		return false, w.explain("watch", fmt.Errorf("it tells of a %T", event.Object))
	}
	w.set.version, w.failures = slice.ResourceVersion, 0
	switch event.Type {
	case apiwatch.Added, apiwatch.Modified:
		w.set.put(slice)
	case apiwatch.Deleted:
		delete(w.set.slices, slice.Name)
	default: // a bookmark
		return false, nil
	}
	return true, nil
}

// tell yields the set if that is news. It returns false if nobody listens any
// more.
func (w *watch) tell() bool {
	endpoints, err := w.set.endpoints()
	if err != nil {
		w.behind = true
		return w.yield(discovery.Update{}, err)
	}
	if !w.behind && slices.EqualFunc(endpoints, w.told, discovery.Endpoint.Equal) {
		return true
	}
	w.behind, w.told = false, endpoints
	return w.yield(discovery.Update{Endpoints: endpoints}, nil)
}

// explain says what could not be done, and what to do about it.
func (w *watch) explain(verb string, err error) error {
	if tried := (*url.Error)(nil); errors.As(err, &tried) {
		err = tried.Err // the rest of it is said below
	}
	what := fmt.Sprintf("kubernetes: %s: cannot %s EndpointSlices at %s", w.set.name, verb, w.host)
	switch {
	case apierrors.IsResourceExpired(err), apierrors.IsGone(err),
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge):
		return errRelist
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%s: %w; this client's account needs a Role with the verbs list and watch for the resource endpointslices of the API group discovery.k8s.io in the namespace %s",
			what, err, w.set.name.namespace)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: %w: the API server does not know this client's credentials", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
