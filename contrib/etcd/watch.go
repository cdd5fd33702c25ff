// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

const (
	// A change is told when nothing else has changed for quiet, at the latest
	// after settled: a thousand changes in a row are a few updates.
	quiet   = 5 * time.Millisecond
	settled = 100 * time.Millisecond
	// How long instances are kept that etcd has lost, beyond the time after which
	// those that live have announced themselves again.
	grace = 3 * time.Second
)

// Watch tells the endpoints of the service that t names, from the keys below
// that name. The authority of t, endpoints of etcd divided by commas, replaces
// those of the configuration.
func (r *Registry) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	folder, err := r.folder(t.Endpoint)
	if err != nil {
		return nil, err
	}
	for _, endpoint := range r.endpoints(t.Authority) {
		if endpoint == "" {
			return nil, fmt.Errorf("etcd: target %s: an endpoint of etcd is empty", t)
		}
	}
	return func(yield func(discovery.Update, error) bool) {
		w := &watch{
			registry: r, authority: t.Authority, yield: yield,
			set: set{folder: folder, logger: r.logger},
		}
		w.run(ctx)
	}, nil
}

// watch is one sequence of updates. All but the receiving of events happens in
// the goroutine of whoever ranges over it.
type watch struct {
	registry  *Registry
	authority string
	yield     func(discovery.Update, error) bool
	link      *link
	set       set
	behind    bool // what was told last is not the set, or is an error
	failures  int  // in a row
	drop      <-chan time.Time
}

// errDone ends a watch: nobody listens any more.
var errDone = errors.New("the watch has ended")

// errRelist says that a list is needed.
var errRelist = errors.New("etcd has compacted what was missed")

func (w *watch) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		if w.link != nil {
			w.registry.release(w.link, w.authority)
		}
	}()
	for {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil || err == errDone:
			return
		case err == errRelist:
			w.set.listed = false
			continue
		}
		w.behind = true
		if !w.yield(discovery.Update{}, err) {
			return
		}
		w.failures++
		if !resilience.Sleep(ctx, discovery.RetryDelay(w.failures)) {
			return
		}
	}
}

// follow brings the set up to date and follows its changes, until something
// fails.
func (w *watch) follow(ctx context.Context) error {
	if w.link == nil {
		l, err := w.registry.acquire(ctx, w.authority)
		if err != nil {
			return err
		}
		w.link = l
	}
	if err := w.catchUp(ctx); err != nil {
		return err
	}
	if w.behind && !w.tell() {
		return errDone
	}
	// Without a leader, a member of the cluster hears of no change.
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	stream, err := w.open(ctx)
	if err != nil {
		return w.explain("watch", err)
	}
	responses, failed := make(chan *pb.WatchResponse), make(chan error, 1)
	go func() { // ends with ctx; the deferred read waits for it
		defer close(responses)
		for {
			response, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case responses <- response:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range responses {
		}
	}()
	err = w.receive(ctx, responses, failed)
	if err != errDone && w.behind && !w.tell() {
		return errDone
	}
	return err
}

// open begins to receive what happens after the set's revision.
func (w *watch) open(ctx context.Context) (pb.Watch_WatchClient, error) {
	stream, err := pb.NewWatchClient(w.link.client.ActiveConnection()).Watch(ctx, grpc.MaxCallRecvMsgSize(math.MaxInt32))
	if err != nil {
		return nil, err
	}
	err = stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{
		Key:           []byte(w.set.folder),
		RangeEnd:      []byte(clientv3.GetPrefixRangeEnd(w.set.folder)),
		StartRevision: w.set.revision + 1,
		// Told now and then, the revision is not one that was compacted long
		// ago when the connection is lost after hours without an event.
		ProgressNotify: true,
	}}})
	if err != nil {
		_, err = stream.Recv() // gRPC tells the reason here
	}
	return stream, err
}

// receive applies what happens and tells it when it has settled.
func (w *watch) receive(ctx context.Context, responses <-chan *pb.WatchResponse, failed <-chan error) error {
	settle := time.NewTimer(0)
	<-settle.C
	defer settle.Stop()
	var since time.Time // of the first change that is not told
	for {
		select {
		case response, ok := <-responses:
			if !ok {
				responses = nil
				continue // failed tells why
			}
			if err := w.apply(response); err != nil {
				return err
			}
			if len(response.Events) == 0 {
				continue
			}
			if !w.behind {
				w.behind, since = true, time.Now()
			}
			settle.Reset(max(0, min(quiet, settled-time.Since(since))))
		case <-settle.C:
			if !w.tell() {
				return errDone
			}
		case <-w.drop:
			w.set.dropStale()
			if !w.tell() {
				return errDone
			}
		case err := <-failed:
			return w.explain("watch", err)
		case <-ctx.Done():
			return errDone
		}
	}
}

// apply follows one response.
func (w *watch) apply(response *pb.WatchResponse) error {
	switch {
	case response.CompactRevision != 0:
		return errRelist
	case response.Canceled:
		return w.explain("watch", errors.New(response.CancelReason))
	case response.Created:
		w.failures = 0
		return nil
	case len(response.Events) == 0:
		w.set.revision = max(w.set.revision, response.Header.GetRevision())
	}
	for _, event := range response.Events {
		w.set.apply(event)
	}
	return nil
}

// tell yields the set. It returns false if nobody listens any more.
func (w *watch) tell() bool {
	w.behind = false
	return w.yield(discovery.Update{Endpoints: w.set.endpoints()}, nil)
}

// catchUp makes the set complete up to its revision: by a list, unless etcd
// still has the data that the set is made of.
func (w *watch) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lost := false
	if w.set.listed {
		same, err := w.sameData(ctx)
		switch {
		case errors.Is(err, rpctypes.ErrCompacted):
		case err != nil:
			return w.explain("look at", err)
		case same:
			return nil
		default:
			lost = true
			w.registry.logger.Warn("curlew: etcd has lost the data that was known; servers are kept for a while", "endpoints", w.link.endpoints, "folder", w.set.folder)
		}
	}
	list, err := w.link.client.Get(ctx, w.set.folder, clientv3.WithPrefix())
	if err != nil {
		return w.explain("list", err)
	}
	w.set.replace(list.Kvs, list.Header.Revision, lost)
	w.behind, w.drop = true, nil
	if w.set.stale {
		w.drop = time.After(w.registry.ttl + grace)
	}
	return nil
}

// sameData reports whether etcd's data is that which the set is made of: at the
// set's revision, it has as many keys, and the one written last.
func (w *watch) sameData(ctx context.Context) (bool, error) {
	key, newest, count := w.set.newest()
	at := clientv3.WithRev(w.set.revision)
	reads := []clientv3.Op{clientv3.OpGet(w.set.folder, clientv3.WithPrefix(), clientv3.WithCountOnly(), at)}
	if count > 0 {
		reads = append(reads, clientv3.OpGet(key, at))
	}
	got, err := w.link.client.Txn(ctx).Then(reads...).Commit()
	switch {
	case errors.Is(err, rpctypes.ErrFutureRev):
		return false, nil
	case err != nil:
		return false, err
	case got.Responses[0].GetResponseRange().Count != count:
		return false, nil
	case count == 0:
		return true, nil
	}
	kvs := got.Responses[1].GetResponseRange().Kvs
	return len(kvs) == 1 && kvs[0].ModRevision == newest.modified && kvs[0].Lease == newest.lease, nil
}

func (w *watch) explain(what string, err error) error {
	return w.link.explain(what+" "+w.set.folder, err)
}
