// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// RedisServer is a Redis that keeps its data in memory.
type RedisServer struct {
	*Process
	addr string
}

// Redis starts a Redis, with further arguments of redis-server.
func Redis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	program := Find(t, "redis-server")
	port, dir := FreePorts(t, 1)[0], t.TempDir()
	r := &RedisServer{addr: loopback(port)}
	args = append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir}, args...)
	r.Process = Run(t, func() *exec.Cmd { return exec.Command(program, args...) }, r.ping)
	return r
}

// Addr returns the address for clients, "127.0.0.1:34567".
func (r *RedisServer) Addr() string { return r.addr }

// ping asks Redis whether it has loaded its data.
func (r *RedisServer) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "+PONG\r\n" {
		err = fmt.Errorf("redis answers %q to a ping", answer)
	}
	return err
}
