// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"log/slog"
	"strings"

	"github.com/curlewrpc/curlew/discovery"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// set is what is known of a service's instances. Its owner is one goroutine.
type set struct {
	folder   string
	logger   *slog.Logger
	listed   bool
	revision int64 // of etcd's data, up to which the set is complete
	keys     map[string]instance
	stale    bool // some instances are
}

// instance is what a key says.
type instance struct {
	endpoint discovery.Endpoint // without an address if it can be no instance
	modified int64              // the revision that wrote the key
	lease    int64
	stale    bool // of data that etcd has lost
}

// replace makes the set what a list says. If keep is true, instances that are
// not in the list are kept, as stale ones.
func (s *set) replace(kvs []*mvccpb.KeyValue, revision int64, keep bool) {
	old := s.keys
	s.keys, s.revision, s.listed, s.stale = make(map[string]instance, len(kvs)), revision, true, false
	for _, kv := range kvs {
		s.put(kv)
	}
	if !keep {
		return
	}
	for key, i := range old {
		if _, ok := s.keys[key]; !ok && i.endpoint.Address != "" {
			i.stale, s.stale = true, true
			s.keys[key] = i
		}
	}
}

// apply follows what has happened to a key.
func (s *set) apply(event *mvccpb.Event) {
	if event.Type == mvccpb.Event_DELETE {
		delete(s.keys, string(event.Kv.Key))
	} else {
		s.put(event.Kv)
	}
	s.revision = max(s.revision, event.Kv.ModRevision)
}

func (s *set) put(kv *mvccpb.KeyValue) {
	key := string(kv.Key)
	i := instance{modified: kv.ModRevision, lease: kv.Lease}
	if !strings.Contains(key[len(s.folder):], "/") {
		var err error
		if i.endpoint, err = decode(kv.Value); err != nil {
			i.endpoint = discovery.Endpoint{}
			s.logger.Warn("curlew: a value in etcd is not that of an endpoint", "key", key, "err", err)
		}
	}
	s.keys[key] = i
}

// dropStale forgets the stale instances.
func (s *set) dropStale() {
	for key, i := range s.keys {
		if i.stale {
			delete(s.keys, key)
		}
	}
	s.stale = false
}

// newest returns the key written last and what it says, and how many keys there
// are; stale ones do not count.
func (s *set) newest() (key string, newest instance, count int64) {
	for k, i := range s.keys {
		if i.stale {
			continue
		}
		if count++; i.modified > newest.modified {
			key, newest = k, i
		}
	}
	return key, newest, count
}

// endpoints returns the endpoints, each once.
func (s *set) endpoints() []discovery.Endpoint {
	type identity struct{ network, address string }
	seen := make(map[identity]int, len(s.keys)) // where it stands
	endpoints := make([]discovery.Endpoint, 0, len(s.keys))
	written := make([]int64, 0, len(s.keys))
	for _, i := range s.keys {
		if i.endpoint.Address == "" {
			continue
		}
		modified := i.modified
		if i.stale {
			modified = 0 // revisions of other data do not compare
		}
		id := identity{i.endpoint.Network, i.endpoint.Address}
		if at, ok := seen[id]; !ok {
			seen[id] = len(endpoints)
			endpoints, written = append(endpoints, i.endpoint), append(written, modified)
		} else if modified > written[at] {
			endpoints[at], written[at] = i.endpoint, modified
		}
	}
	return endpoints
}
