// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ConsulServer is a Consul of one server, which is its own agent.
type ConsulServer struct {
	*Process
	addr  string
	data  string
	token string
}

// ConsulToken is what may do everything at a Consul with access control lists.
const ConsulToken = "f1b5b5e0-5d9c-4f7e-9d9a-2a0c1d3e4f50"

// Consul starts a Consul to which everybody may do everything.
func Consul(t testing.TB) *ConsulServer {
	t.Helper()
	return startConsul(t, "", "")
}

// GuardedConsul starts a Consul to which only [ConsulToken] may do anything.
func GuardedConsul(t testing.TB) *ConsulServer {
	t.Helper()
	return startConsul(t, ConsulToken, fmt.Sprintf(
		`, "acl": {"enabled": true, "default_policy": "deny", "tokens": {"initial_management": %q, "agent": %[1]q}}`, ConsulToken))
}

func startConsul(t testing.TB, token, config string) *ConsulServer {
	t.Helper()
	program := Find(t, "consul")
	dir, ports := t.TempDir(), FreePorts(t, 5)
	c := &ConsulServer{addr: loopback(ports[0]), data: filepath.Join(dir, "data"), token: token}
	file := filepath.Join(dir, "consul.json")
	// Updates are asked for outside of the machine, and elections need not be
	// patient with a network.
	err := os.WriteFile(file, fmt.Appendf(nil, `{
		"server": true, "bootstrap_expect": 1, "node_name": "test", "data_dir": %q, "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1",
		"ports": {"http": %d, "grpc": -1, "grpc_tls": -1, "dns": -1, "server": %d, "serf_lan": %d, "serf_wan": %d},
		"connect": {"enabled": false}, "disable_update_check": true, "performance": {"raft_multiplier": 1}, "log_level": "warn",
		"leave_on_terminate": false, "limits": {"http_max_conns_per_client": 10000}%s
	}`, c.data, ports[0], ports[1], ports[2], ports[3], config), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	c.Process = Run(t, func() *exec.Cmd { return exec.Command(program, "agent", "-config-file="+file) }, func(ctx context.Context) error {
		// The catalog knows the node once there is a leader.
		answer, err := c.ask(ctx, "/v1/health/service/consul")
		if err == nil && len(answer) < 10 {
			err = errors.New("it does not know itself yet")
		}
		return err
	})
	return c
}

// Addr returns the address for clients, "127.0.0.1:34567".
func (c *ConsulServer) Addr() string { return c.addr }

// Restart crashes Consul and starts it again with its data.
func (c *ConsulServer) Restart(t testing.TB) {
	t.Helper()
	c.Kill(t)
	c.Start(t)
}

// Wipe has Consul lose all its data.
func (c *ConsulServer) Wipe(t testing.TB) {
	t.Helper()
	c.Kill(t)
	if err := os.RemoveAll(c.data); err != nil {
		t.Fatal(err)
	}
	c.Start(t)
}

func (c *ConsulServer) ask(ctx context.Context, path string) ([]byte, error) {
	return fetch(ctx, http.MethodGet, "http://"+c.addr+path+"?token="+c.token, nil)
}
