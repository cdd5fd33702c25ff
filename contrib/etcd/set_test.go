// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

func pair(key, address string, revision int64) *mvccpb.KeyValue {
	return &mvccpb.KeyValue{Key: []byte("shop/" + key), Value: fmt.Appendf(nil, `{"Addr":%q}`, address), ModRevision: revision, Lease: revision}
}

func (s *set) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range s.endpoints() {
		got = append(got, e.Address)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestSet(t *testing.T) {
	s := set{folder: "shop/", logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	s.replace([]*mvccpb.KeyValue{pair("1", "a:1", 3), pair("2", "b:1", 5), pair("other/3", "c:1", 9), pair("4", "no port", 4)}, 10, false)
	s.expect(t, "a list", "a:1", "b:1")
	if key, newest, count := s.newest(); key != "shop/other/3" || newest.modified != 9 || count != 4 {
		t.Errorf("the newest key is %q of revision %d among %d", key, newest.modified, count)
	}
	s.apply(&mvccpb.Event{Type: mvccpb.Event_PUT, Kv: pair("5", "b:1", 11)})
	s.apply(&mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: pair("1", "", 12)})
	s.expect(t, "one deleted, one under two keys", "b:1")
	if s.revision != 12 {
		t.Errorf("the revision is %d", s.revision)
	}

	// The data is lost; b comes back under another key, with a smaller revision.
	s.apply(&mvccpb.Event{Type: mvccpb.Event_PUT, Kv: pair("6", "d:1", 13)})
	s.replace([]*mvccpb.KeyValue{pair("7", "b:1", 2)}, 2, true)
	s.expect(t, "lost data", "b:1", "d:1")
	if key, newest, count := s.newest(); key != "shop/7" || newest.modified != 2 || count != 1 || s.revision != 2 || !s.stale {
		t.Errorf("the newest key is %q of revision %d among %d, at %d", key, newest.modified, count, s.revision)
	}
	s.apply(&mvccpb.Event{Type: mvccpb.Event_PUT, Kv: pair("6", "d:1", 3)})
	s.dropStale()
	s.expect(t, "what has come back", "b:1", "d:1")
	s.apply(&mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: pair("7", "", 4)})
	s.expect(t, "what is left", "d:1")
}

// An update of thousands of endpoints is made anew each time.
func BenchmarkEndpoints(b *testing.B) {
	s := set{folder: "shop/"}
	var kvs []*mvccpb.KeyValue
	for i := range 5000 {
		address := fmt.Sprintf("10.0.%d.%d:80", i/250, i%250)
		kvs = append(kvs, pair(address, address, int64(i)))
	}
	s.replace(kvs, 5000, false)
	b.ReportAllocs()
	for b.Loop() {
		if len(s.endpoints()) != 5000 {
			b.Fatal("an endpoint is missing")
		}
	}
}
