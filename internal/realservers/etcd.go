// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// EtcdServer is an etcd of one member.
type EtcdServer struct {
	*Process
	addr string
	data string
}

// Etcd starts an etcd.
func Etcd(t testing.TB) *EtcdServer {
	t.Helper()
	program := Find(t, "etcd")
	ports := FreePorts(t, 2)
	e := &EtcdServer{addr: loopback(ports[0]), data: filepath.Join(t.TempDir(), "data")}
	client, peer := "http://"+e.addr, "http://"+loopback(ports[1])
	e.Process = Run(t, func() *exec.Cmd {
		return exec.Command(program, "--name=test", "--data-dir="+e.data, "--log-level=warn",
			"--listen-client-urls="+client, "--advertise-client-urls="+client, "--listen-peer-urls="+peer,
			"--initial-advertise-peer-urls="+peer, "--initial-cluster=test="+peer)
	}, func(ctx context.Context) error {
		_, err := e.ask(ctx, "/v3/kv/range", map[string]any{"key": []byte("a")})
		return err
	})
	return e
}

// Addr returns the address for clients, "127.0.0.1:34567".
func (e *EtcdServer) Addr() string { return e.addr }

// Restart crashes etcd and starts it again with its data.
func (e *EtcdServer) Restart(t testing.TB) {
	t.Helper()
	e.Kill(t)
	e.Start(t)
}

// Wipe has etcd lose all its data, leases too.
func (e *EtcdServer) Wipe(t testing.TB) {
	t.Helper()
	e.Kill(t)
	if err := os.RemoveAll(e.data); err != nil {
		t.Fatal(err)
	}
	e.Start(t)
}

// Compact has etcd forget what was before now.
func (e *EtcdServer) Compact(t testing.TB) {
	t.Helper()
	body := e.Ask(t, "/v3/kv/range", map[string]any{"key": []byte("a")})
	var now struct {
		Header struct{ Revision json.Number }
	}
	if err := json.Unmarshal(body, &now); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	e.Ask(t, "/v3/kv/compaction", map[string]any{"revision": now.Header.Revision, "physical": true})
}

// Ask calls a method of etcd's gRPC gateway.
func (e *EtcdServer) Ask(t testing.TB, path string, request any) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body, err := e.ask(ctx, path, request)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (e *EtcdServer) ask(ctx context.Context, path string, request any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return fetch(ctx, http.MethodPost, "http://"+e.addr+path, body)
}

// fetch does an HTTP request by a connection of its own.
func fetch(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return answer, expectStatus(response.StatusCode, url, answer)
}
