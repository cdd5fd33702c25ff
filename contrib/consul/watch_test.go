// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/hashicorp/consul/api"
)

// answer is what a query gives.
func answer(t *testing.T, addresses ...string) []*api.ServiceEntry {
	t.Helper()
	var entries []*api.ServiceEntry
	for _, address := range addresses {
		s, err := encode("shop", discovery.Endpoint{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, seen(s, api.HealthPassing))
	}
	return entries
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var updates []string
		w := &watch{
			link:    &link{registry: &Registry{ttl: 10 * time.Second, logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, token: true},
			service: "shop", gap: leastGap, behind: true,
			yield: func(u discovery.Update, err error) bool {
				var addresses []string
				for _, e := range u.Endpoints {
					addresses = append(addresses, e.Address)
				}
				updates = append(updates, strings.Join(addresses, " "))
				return err == nil
			},
		}
		steps := []struct {
			after     time.Duration
			index     uint64
			addresses []string
			told      string // "-" if nothing
			next      uint64
		}{
			{0, 0, nil, "", 1},
			{0, 50, []string{"b:1", "a:1"}, "a:1 b:1", 50},
			{0, 51, []string{"a:1", "b:1"}, "-", 51},
			{0, 52, []string{"a:1", "b:1", "c:1"}, "a:1 b:1 c:1", 52},
			// The index goes back: what is missing is kept.
			{0, 7, []string{"b:1"}, "-", 7},
			{time.Second, 8, []string{"b:1", "d:1"}, "a:1 b:1 c:1 d:1", 8},
			{time.Second, 9, []string{"a:1", "b:1", "d:1"}, "-", 9},
			{time.Second, 10, []string{"b:1", "d:1"}, "b:1 c:1 d:1", 10},
			{20 * time.Second, 10, []string{"b:1", "d:1"}, "b:1 d:1", 10},
		}
		for i, step := range steps {
			<-time.After(step.after)
			updates = nil
			if !w.follow(answer(t, step.addresses...), &api.QueryMeta{LastIndex: step.index}) {
				t.Fatalf("step %d: it has ended", i)
			}
			var want []string
			if step.told != "-" {
				want = []string{step.told}
			}
			if !slices.Equal(updates, want) || w.index != step.next {
				t.Errorf("step %d: told %q, want %q; the next index is %d", i, updates, want, w.index)
			}
		}
	})
}

func TestBadConfiguration(t *testing.T) {
	for _, test := range []struct {
		r    *Registry
		name string
		text string
	}{
		{New(api.Config{}, WithTTL(time.Millisecond)), "shop", "shortest is 1s"},
		{New(api.Config{}, WithGRPCCheck(-1)), "shop", "gRPC check"},
		{New(api.Config{TLSConfig: api.TLSConfig{CAFile: "missing.pem"}}), "shop", "missing.pem"},
		{New(api.Config{}), "", "missing"},
		{New(api.Config{}), "a/b", "one part of a URL's path"},
	} {
		_, watched := test.r.Watch(t.Context(), discovery.Target{Endpoint: test.name})
		_, registered := test.r.Register(t.Context(), test.name, discovery.Endpoint{Address: "a:1"})
		for _, err := range []error{watched, registered} {
			if err == nil || !strings.HasPrefix(err.Error(), "consul: ") || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want one with %q", err, test.text)
			}
		}
	}
}

func TestExplanations(t *testing.T) {
	l := &link{address: "10.0.0.1:8500"}
	for want, err := range map[string]error{
		"consul at 10.0.0.1:8500: find: the ACL token does not allow it: no": api.StatusError{Code: 403, Body: "no\n"},
		"consul at 10.0.0.1:8500: find: status 500: No cluster leader":       api.StatusError{Code: 500, Body: "No cluster leader"},
		"consul at 10.0.0.1:8500: find: broken":                              errors.New("broken"),
	} {
		if got := l.explain("find", err); got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
