// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

// rollNginx restarts servers behind nginx, whose list of them `curlew sync
// nginx` keeps.
func rollNginx(e *env) {
	e.needSync()
	url := "etcd://" + realservers.Etcd(e).Addr()
	// nginx learns of a change by a reload: a server that leaves serves on so long.
	config := fleet.Config{Registry: url, Handle: 2 * time.Millisecond, Drain: 3 * time.Second}
	replicas := e.start(size, config)
	for _, r := range replicas {
		r.AwaitRegistered(e)
	}
	p := e.newProxy()
	e.sync(p, url)
	p.start(e)
	c := e.dial(p.addr, client.WithProtocol(grpc.NewClient(h2.Dial, proto.New())))
	restarts, calls := e.restarting(c, replicas, config)
	e.figure("servers restarted", float64(restarts), "", figure.Bound{})
	e.figure("failed calls", float64(load.Count(calls, load.Failed)), "", figure.AtMost(0))
	e.explain(calls, load.Failed)
}

// needSync ends the scenario unless the command line has the command.
func (e *env) needSync() {
	if e.Curlew == "" {
		e.Skipf("the command curlew was not built; make demo builds it")
	}
	help, err := exec.CommandContext(e.ctx, e.Curlew, "sync", "nginx", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(help), "--upstream") {
		e.Skipf("%s has no command sync nginx", e.Curlew)
	}
}

// proxy is an nginx that includes a list of servers.
type proxy struct {
	command []string // nginx, and where it finds what
	dir     string
	list    string // the file with the upstream
	addr    string
}

func (e *env) newProxy() *proxy {
	program := realservers.Find(e, "nginx")
	p := &proxy{dir: e.TempDir(), addr: fmt.Sprintf("127.0.0.1:%d", realservers.FreePorts(e, 1)[0])}
	p.list = filepath.Join(p.dir, "upstream.conf")
	config := filepath.Join(p.dir, "nginx.conf")
	p.command = []string{program, "-p", p.dir + "/", "-e", "error.log", "-c", config}
	err := os.WriteFile(config, fmt.Appendf(nil, `daemon off;
worker_processes 2;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include %s;
  server {
    listen %s http2;
    location / { grpc_pass grpc://%s; }
  }
}
`, p.list, p.addr, fleet.Service), 0o644)
	if err != nil {
		e.Fatal(err)
	}
	return p
}

// sync starts the command that keeps the list, and waits for the first one.
func (e *env) sync(p *proxy, url string) {
	nginx := strings.Join(p.command, " ")
	realservers.Run(e, func() *exec.Cmd {
		cmd := exec.Command(e.Curlew, "sync", "nginx", "--registry", url, "--service", fleet.Service, "--upstream", fleet.Service,
			"--out", p.list, "--nginx", nginx, "--reload", nginx+" -s reload")
		cmd.Dir = p.dir
		return cmd
	}, func(context.Context) error {
		list, err := os.ReadFile(p.list)
		if err == nil && !strings.Contains(string(list), "server ") {
			err = errors.New("the list is empty")
		}
		return err
	})
}

// start starts nginx. It ends with the scenario.
func (p *proxy) start(e *env) {
	realservers.Run(e, func() *exec.Cmd { return exec.Command(p.command[0], p.command[1:]...) }, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.addr)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}
