// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	reloads        = 5
	betweenReloads = time.Second
	loadCallers    = 4 // of each kind
)

// nginx puts nginx before the demo server, by grpc_pass.
func nginx(ctx context.Context, b *bench, c *checks) error {
	path, err := find("nginx")
	if err != nil {
		return err
	}
	dir := filepath.Join(b.out, "nginx")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	config := fmt.Sprintf(`daemon off;
worker_processes 2;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream demo { server %s; keepalive 16; }
  server {
    listen %s http2;
    location / { grpc_pass grpc://demo; }
  }
}
`, b.address, address)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	return b.behind(ctx, c, address, program{name: "nginx", path: path, dir: dir, address: address, signal: syscall.SIGQUIT,
		args: []string{"-p", dir + "/", "-e", "error.log", "-c", file}}, syscall.SIGHUP)
}

// haproxy puts HAProxy before the demo server.
func haproxy(ctx context.Context, b *bench, c *checks) error {
	path, err := find("haproxy")
	if err != nil {
		return err
	}
	dir := filepath.Join(b.out, "haproxy")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	config := fmt.Sprintf(`global
  stats socket %s mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend grpc
  bind %s proto h2
  default_backend demo
backend demo
  server demo %s proto h2
`, filepath.Join(dir, "haproxy.sock"), address, b.address)
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	return b.behind(ctx, c, address, program{name: "haproxy", path: path, dir: dir, address: address, signal: syscall.SIGUSR1,
		args: []string{"-W", "-db", "-f", file}}, syscall.SIGUSR2)
}

// behind starts a proxy, makes calls through it, and reloads it meanwhile. No
// call may fail.
func (b *bench) behind(ctx context.Context, c *checks, address string, proxy program, reload os.Signal) error {
	p, err := startProgram(ctx, b, proxy)
	if err != nil {
		return err
	}
	defer func() { c.check("the end of "+p.name, p.stop) }()
	calls, closeCalls, err := callersOf(address)
	if err != nil {
		return err
	}
	defer closeCalls()
	for name, call := range calls {
		c.check("one call, "+name, func() error {
			ctx, stop := context.WithTimeout(ctx, callTimeout)
			defer stop()
			return call(ctx)
		})
	}
	l := newLoad(ctx, loadCallers, calls)
	for i := range reloads {
		before := l.made()
		select {
		case <-time.After(betweenReloads):
		case <-ctx.Done():
		}
		c.check(fmt.Sprintf("calls before reload %d", i+1), func() error {
			if l.made() == before {
				return fmt.Errorf("there were none in %v", betweenReloads)
			}
			return p.cmd.Process.Signal(reload)
		})
	}
	select {
	case <-time.After(betweenReloads):
	case <-ctx.Done():
	}
	made, err := l.stop()
	c.note("calls while it was reloaded", err)
	b.printf("   %d calls, %d reloads", made, reloads)
	return nil
}

func freeAddress(ctx context.Context) (string, error) {
	port, err := freePort(ctx)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
