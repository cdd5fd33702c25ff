// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

// What config does not say, Consul's environment variables do.
func TestEnvironment(t *testing.T) {
	t.Setenv("CONSUL_HTTP_ADDR", "https://10.0.0.1:8501")
	t.Setenv("CONSUL_HTTP_TOKEN", "secret")
	for _, test := range []struct {
		config  api.Config
		address string
		token   bool
	}{
		{api.Config{}, "10.0.0.1:8501", true},
		{api.Config{Address: "http://10.0.0.2:8500"}, "10.0.0.2:8500", true},
	} {
		r := New(test.config)
		l, err := r.acquire("")
		if err != nil {
			t.Fatal(err)
		}
		if l.address != test.address || l.token != test.token {
			t.Errorf("%+v: the agent is %s, and there is a token: %v", test.config, l.address, l.token)
		}
		l.release()
		if r.users != 0 {
			t.Errorf("%d users are left", r.users)
		}
	}
	t.Setenv("CONSUL_CACERT", "missing.pem")
	if _, err := New(api.Config{}).acquire(""); err == nil {
		t.Error("a file that is missing is no error")
	}
}
