// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// etcd starts a real one and returns its address.
func etcd(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("etcd")
	if err != nil {
		t.Skip("SKIPPED: there is no etcd; on Debian: apt-get install etcd-server")
	}
	clients, peers := free(t), free(t)
	var log bytes.Buffer
	cmd := exec.Command(program, "--data-dir", t.TempDir(), "--log-level", "warn",
		"--listen-client-urls", "http://"+clients, "--advertise-client-urls", "http://"+clients,
		"--listen-peer-urls", "http://"+peers, "--initial-advertise-peer-urls", "http://"+peers, "--initial-cluster", "default=http://"+peers)
	cmd.Env = append(os.Environ(), "ETCD_UNSUPPORTED_ARCH="+runtime.GOARCH)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait() //nolint:errcheck // it is killed
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("etcd said:\n%s", log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		// It answers once it leads itself.
		status, out := curlew(ctx, t, "", call(clients, "etcdserverpb.Maintenance/Status")...)
		if status == 0 && strings.Contains(out, `"leader"`) {
			return clients
		}
		select {
		case <-ended:
			t.Fatal("etcd has ended")
		case <-ctx.Done():
			t.Fatalf("etcd does not answer: %s", out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// free returns an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// protos are the flags for etcd's own .proto files, for it has no reflection.
func protos() []string {
	published := filepath.Join("internal", "protofiles", "gocode", "testdata", "published")
	flags := []string{"--protocol=grpc", "--proto=etcd/etcdserver/etcdserverpb/rpc.proto"}
	for _, folder := range []string{"etcd", "gogo", "googleapis"} {
		flags = append(flags, "-I", filepath.Join(published, folder))
	}
	return flags
}

func call(args ...string) []string { return append(append([]string{"call"}, args...), protos()...) }

// curlew runs the command and returns its exit status and all that it said.
func curlew(ctx context.Context, t *testing.T, input string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	env := &cli.Env{In: strings.NewReader(input), Out: &out, Err: &out}
	status := env.Run(ctx, root(env), args)
	return status, out.String()
}

// A server that others wrote, called and measured by its own .proto files.
func TestEtcd(t *testing.T) {
	address := etcd(t)
	for _, test := range []struct {
		name   string
		args   []string
		input  string
		status int
		want   string
	}{
		{"put", call(address, "etcdserverpb.KV/Put", `{"key":"YmlyZA==","value":"Y3VybGV3"}`), "", 0, `"revision":"2"`},
		{"range", call(address, "etcdserverpb.KV.Range", `{"key":"YmlyZA=="}`), "", 0, `"value":"Y3VybGV3"`},
		{"a server's error", call(address, "etcdserverpb.KV/Put", `{}`), "", 67, "key is not provided"},
		{"a bidirectional stream", call(address, "etcdserverpb.Lease/LeaseKeepAlive", "-"), `{"ID":"1"} {"ID":"2"}`, 0, `"ID":"2"`},
		{"an unknown method", call(address, "etcdserverpb.KV/Rage"), "", 1, "Range"},
		{"bench", append([]string{"bench", address, "etcdserverpb.KV/Range", `{"key":"YmlyZA=="}`, "-n", "500", "-c", "8"}, protos()...), "", 0, "500 in"},
		{"ls", append([]string{"ls", "etcdserverpb.KV"}, protos()...), "", 0, "etcdserverpb.KV/Range"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			status, out := curlew(ctx, t, test.input, test.args...)
			if status != test.status || !strings.Contains(out, test.want) {
				t.Errorf("exit status %d, want %d; the output has no %q:\n%s", status, test.status, test.want, out)
			}
		})
	}
}
