// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunAll(t *testing.T) {
	passes := func(_ context.Context, _ *bench, c *checks) error {
		c.check("a call", func() error { return nil })
		return nil
	}
	for name, test := range map[string]struct {
		run    func(context.Context, *bench, *checks) error
		status int
		says   string
	}{
		"passed": {passes, 0, "1 passed"},
		"failed": {func(_ context.Context, _ *bench, c *checks) error {
			c.check("good", func() error { return nil })
			c.check("bad", func() error { return errors.New("oh") })
			return nil
		}, 1, "FAILED bad: oh"},
		"missing":   {func(context.Context, *bench, *checks) error { return errors.New("there is no curl") }, 1, "there is no curl"},
		"no checks": {func(context.Context, *bench, *checks) error { return nil }, 1, "0 checks"},
	} {
		var out strings.Builder
		if status := runAll(t.Context(), &bench{stdout: &out}, []group{{name, test.run}, {"next", passes}}); status != test.status {
			t.Errorf("%s: exit status %d", name, status)
		}
		if !strings.Contains(out.String(), test.says) || !strings.Contains(out.String(), "== next") {
			t.Errorf("%s: printed\n%s", name, &out)
		}
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(groups()) {
		t.Errorf("all groups are %d, %v", len(all), err)
	}
	if two, err := choose("nginx,curl"); err != nil || len(two) != 2 || two[0].name != "curl" {
		t.Errorf("chose %v, %v", two, err)
	}
	if _, err := choose("curl,postman"); err == nil || !strings.Contains(err.Error(), "grpcurl") {
		t.Errorf("an unknown group: %v", err)
	}
}

func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		l := newLoad(t.Context(), 2, map[string]caller{
			"good": func(context.Context) error { <-time.After(time.Millisecond); return nil },
			"bad": func(ctx context.Context) error {
				<-time.After(3 * time.Millisecond)
				if n.Add(1) == 2 {
					return errors.New("oh")
				}
				return ctx.Err() // the end of the load cuts no call
			},
		})
		<-time.After(100 * time.Millisecond)
		made := l.made()
		calls, err := l.stop()
		if made < 100 || calls < made {
			t.Errorf("%d calls, then %d", made, calls)
		}
		if err == nil || !strings.Contains(err.Error(), "1 of ") || !strings.Contains(err.Error(), "bad: oh") {
			t.Errorf("the load ended with %v", err)
		}
	})
}

func TestContains(t *testing.T) {
	if err := contains("one two", "one", "two"); err != nil {
		t.Error(err)
	}
	if err := contains("one two", "one", "three"); err == nil || !strings.Contains(err.Error(), "three") {
		t.Errorf("a text that is missing: %v", err)
	}
}
