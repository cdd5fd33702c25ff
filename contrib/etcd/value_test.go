// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/discovery"
)

func TestValues(t *testing.T) {
	for _, test := range []struct {
		e             discovery.Endpoint
		name, content string
	}{
		{discovery.Endpoint{Network: "tcp", Address: "10.0.0.1:80"}, "10.0.0.1:80", `{"Op":0,"Addr":"10.0.0.1:80","Metadata":{}}`},
		{discovery.Endpoint{Network: "tcp", Address: "[::1]:80", Weight: 3, Zone: "a", Version: "v2", Labels: map[string]string{"z": "1", "b": `"`}},
			"%5B::1%5D:80", `{"Op":0,"Addr":"[::1]:80","Metadata":{"weight":3,"zone":"a","version":"v2","labels":{"b":"\"","z":"1"}}}`},
		{discovery.Endpoint{Network: "unix", Address: "/run/x.sock"}, "unix:%2Frun%2Fx.sock", `{"Op":0,"Addr":"unix:/run/x.sock","Metadata":{}}`},
	} {
		name, content, err := encode(test.e)
		if err != nil || name != test.name || content != test.content {
			t.Errorf("%+v: encoded as %q, %s, %v", test.e, name, content, err)
		}
		if got, err := decode([]byte(content)); err != nil || !got.Equal(test.e) {
			t.Errorf("%s: decoded as %+v, %v", content, got, err)
		}
	}
}

func TestBadEndpoints(t *testing.T) {
	for _, test := range []struct {
		e    discovery.Endpoint
		text string
	}{
		{discovery.Endpoint{}, "without an address"},
		{discovery.Endpoint{Address: "a:1", Weight: -1}, "weight"},
		{discovery.Endpoint{Address: "a"}, "write host:port"},
		{discovery.Endpoint{Network: "mem", Address: "a:1"}, `network "mem"`},
		{discovery.Endpoint{Network: "unix", Address: "x.sock"}, "absolute"},
	} {
		if _, _, err := encode(test.e); err == nil || !strings.HasPrefix(err.Error(), "etcd: ") || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: error %v, want one with %q", test.e, err, test.text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"Op":0,"Addr":"a:1"}`, `{"Addr":"a:1","Metadata":7}`, `{"Addr":"a:1","Metadata":{"weight":-1}}`,
		`{"Addr":"unix:///x","Metadata":{"weight":2,"zone":"z","version":"v","labels":{"a":"b"}}}`, `{"Addr":1}`, `[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		e, err := decode([]byte(content))
		if err != nil {
			return
		}
		_, again, err := encode(e)
		if err != nil {
			t.Fatalf("%q: decoded as %+v, which cannot be encoded: %v", content, e, err)
		}
		if got, err := decode([]byte(again)); err != nil || !got.Equal(e) {
			t.Errorf("%q: %+v becomes %+v, %v", content, e, got, err)
		}
	})
}
