// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/resilience"
)

func TestNarrowerRulesGoFirst(t *testing.T) {
	s, err := New(Rules{
		Default: Method{Timeout: time.Second, MaxReceive: 1},
		Services: map[string]Method{
			"shop.Cart":  {Timeout: 2 * time.Second, MaxSend: 2},
			"shop.Audit": {Timeout: Unlimited},
		},
		Methods: map[string]Method{
			"shop.Cart/Add":  {MaxReceive: 3},
			"shop.Cart.Look": {Timeout: 4 * time.Second},
			"Echo/Echo":      {MaxSend: 5},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Method{
		"shop.Cart/Add":   {Timeout: 2 * time.Second, MaxReceive: 3, MaxSend: 2},
		"shop.Cart/Look":  {Timeout: 4 * time.Second, MaxReceive: 1, MaxSend: 2},
		"shop.Cart/Other": {Timeout: 2 * time.Second, MaxReceive: 1, MaxSend: 2},
		"shop.Audit/Read": {Timeout: Unlimited, MaxReceive: 1},
		"Echo/Echo":       {Timeout: time.Second, MaxReceive: 1, MaxSend: 5},
		"Echo/Other":      {Timeout: time.Second, MaxReceive: 1},
		"Other/Other":     {Timeout: time.Second, MaxReceive: 1},
	} {
		if got := *s.Method(curlew.NewMethod(name, curlew.KindUnary)); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestNilSnapshot(t *testing.T) {
	var s *Snapshot
	if got := *s.Method(curlew.NewMethod("S/M", curlew.KindUnary)); got != (Method{}) {
		t.Errorf("got %+v, want nothing", got)
	}
}

func TestTiers(t *testing.T) {
	retry, hedge, breaker, rate := &resilience.Retry{MaxAttempts: 2}, &resilience.Hedge{}, &resilience.Breaker{}, &resilience.Rate{PerSecond: 1}
	never := &resilience.Retry{Off: true}
	s, err := New(Rules{
		Default:  Method{Timeout: time.Second, Retry: retry, MaxSend: 1},
		Reads:    Method{Timeout: 2 * time.Second, Hedge: hedge},
		Writes:   Method{Timeout: 3 * time.Second, Breaker: breaker},
		Streams:  Method{Timeout: time.Hour, MaxSend: 2},
		Services: map[string]Method{"shop.Cart": {Timeout: 4 * time.Second, Rate: rate}, "shop.Feed": {Retry: never}},
		Methods:  map[string]Method{"shop.Cart/Watch": {Timeout: 5 * time.Second}, "shop.Cart/Add": {Hedge: hedge}},
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) *curlew.Method {
		return curlew.NewMethod(name, curlew.KindUnary, curlew.NoSideEffects)
	}
	write := func(name string) *curlew.Method { return curlew.NewMethod(name, curlew.KindUnary) }
	stream := func(name string) *curlew.Method { return curlew.NewMethod(name, curlew.KindBidi) }
	for _, test := range []struct {
		method *curlew.Method
		want   Method
	}{
		{read("Other/Look"), Method{Timeout: 2 * time.Second, MaxSend: 1, Hedge: hedge}},
		{write("Other/Buy"), Method{Timeout: 3 * time.Second, MaxSend: 1, Retry: retry, Breaker: breaker}},
		{stream("Other/Watch"), Method{Timeout: time.Hour, MaxSend: 2, Retry: retry}},
		{read("shop.Cart/Look"), Method{Timeout: 4 * time.Second, MaxSend: 1, Hedge: hedge, Rate: rate}},
		{write("shop.Cart/Buy"), Method{Timeout: 4 * time.Second, MaxSend: 1, Retry: retry, Breaker: breaker, Rate: rate}},
		{stream("shop.Cart/List"), Method{Timeout: time.Hour, MaxSend: 2, Retry: retry, Rate: rate}},
		{stream("shop.Cart/Watch"), Method{Timeout: 5 * time.Second, MaxSend: 2, Retry: retry, Rate: rate}},
		{write("shop.Cart/Add"), Method{Timeout: 4 * time.Second, MaxSend: 1, Retry: retry, Breaker: breaker, Rate: rate}},
		{read("shop.Cart/Add"), Method{Timeout: 4 * time.Second, MaxSend: 1, Hedge: hedge, Rate: rate}},
		{read("shop.Feed/Look"), Method{Timeout: 2 * time.Second, MaxSend: 1, Retry: never}},
	} {
		if got := *s.Method(test.method); got != test.want {
			t.Errorf("%s, %v, %v: got %+v, want %+v", test.method.FullName(), test.method.Kind(), test.method.Idempotency(), got, test.want)
		}
	}
}

func TestATryTimeoutSaysNothingToStreams(t *testing.T) {
	_, err := New(Rules{
		Default: Method{Timeout: 10 * time.Second, Retry: &resilience.Retry{TryTimeout: time.Second}},
		Streams: Method{Timeout: time.Millisecond},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBudget(t *testing.T) {
	want := resilience.BudgetConfig{Ratio: 0.5}
	s, err := New(Rules{Budget: want})
	if err != nil || s.Budget() != want {
		t.Errorf("got %+v, %v", s.Budget(), err)
	}
	var none *Snapshot
	if none.Budget() != (resilience.BudgetConfig{}) {
		t.Error("a nil snapshot has a budget")
	}
}

func TestBadRules(t *testing.T) {
	for _, test := range []struct {
		rules Rules
		text  string
	}{
		{Rules{Default: Method{Timeout: -2}}, "timeout of the default"},
		{Rules{Default: Method{MaxReceive: -1}}, "MaxReceive"},
		{Rules{Services: map[string]Method{"S": {MaxSend: -1}}}, "MaxSend of service S"},
		{Rules{Services: map[string]Method{"": {}}}, "not the name of a service"},
		{Rules{Services: map[string]Method{"S/M": {}}}, "not the name of a service"},
		{Rules{Methods: map[string]Method{"S/M": {Timeout: -5}}}, "timeout of method S/M"},
		{Rules{Methods: map[string]Method{"M": {}}}, "write Service/Method"},
		{Rules{Methods: map[string]Method{"S/M": {}, "S.M": {}}}, "two spellings"},
		{Rules{Budget: resilience.BudgetConfig{Ratio: 100}}, "the client: resilience: retry budget"},
		{Rules{Default: Method{Retry: &resilience.Retry{MaxAttempts: -1}}}, "the default: resilience: retry"},
		{Rules{Reads: Method{Hedge: &resilience.Hedge{Delay: -1}}}, "reads: resilience: hedge"},
		{Rules{Writes: Method{Breaker: &resilience.Breaker{Window: -1}}}, "writes: resilience: breaker"},
		{Rules{Streams: Method{InstanceBreaker: &resilience.Breaker{Window: -1}}}, "streams: resilience: breaker"},
		{Rules{Services: map[string]Method{"S": {Concurrency: &resilience.Concurrency{Limit: -1}}}}, "service S: resilience: concurrency"},
		{Rules{Methods: map[string]Method{"S/M": {Rate: &resilience.Rate{}}}}, "method S/M: resilience: rate of 0"},
		{Rules{Default: Method{Retry: &resilience.Retry{}, Hedge: &resilience.Hedge{}}}, "choose one"},
		{Rules{Writes: Method{Hedge: &resilience.Hedge{}}}, "writes are hedged"},
		{Rules{Streams: Method{Hedge: &resilience.Hedge{}}}, "streams are hedged"},
		{Rules{Streams: Method{Retry: &resilience.Retry{TryTimeout: 1}}}, "streams have a TryTimeout"},
		{Rules{Default: Method{Timeout: 5}, Reads: Method{Retry: &resilience.Retry{TryTimeout: 5}}}, "reads of the default: Retry.TryTimeout of 5ns is not below the timeout of 5ns"},
		{Rules{Reads: Method{Timeout: 5}, Methods: map[string]Method{"S/M": {Hedge: &resilience.Hedge{Delay: 9}}}}, "reads of method S/M: Hedge.Delay"},
		{Rules{Default: Method{Timeout: 5, Breaker: &resilience.Breaker{SlowAfter: 9}}}, "Breaker.SlowAfter"},
		{Rules{Default: Method{Timeout: 5, Concurrency: &resilience.Concurrency{Queue: 1, MaxWait: 9}}}, "Concurrency.MaxWait"},
		{Rules{Services: map[string]Method{"S": {Timeout: 5, Rate: &resilience.Rate{PerSecond: 1, MaxWait: 9}}}}, "of service S: Rate.MaxWait"},
	} {
		_, err := New(test.rules)
		if err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got error %v, want one with %q", test.rules, err, test.text)
		}
	}
}
