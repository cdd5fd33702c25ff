// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
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
	} {
		_, err := New(test.rules)
		if err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got error %v, want one with %q", test.rules, err, test.text)
		}
	}
}
