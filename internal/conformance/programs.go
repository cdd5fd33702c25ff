// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The programs that are built: packages of this module, and tools that its
// go.mod pins.
func packages() map[string]string {
	return map[string]string{
		"connectserver":      "./connectserver",
		"connectclient":      "./connectclient",
		"interopserver":      "./interopserver",
		"interopclient":      "./interopclient",
		"connectconformance": "connectrpc.com/conformance/cmd/connectconformance",
		"grpcgo-server":      "google.golang.org/grpc/interop/server",
		"grpcgo-client":      "google.golang.org/grpc/interop/client",
		"h2spec":             "github.com/summerwind/h2spec/cmd/h2spec",
	}
}

// build builds them. The working directory is this module's.
func build(ctx context.Context, b *bench) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	b.printf("== building; the first time, this takes a minute or two")
	for name, path := range packages() {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.program(name)+exeSuffix(), path)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", path, err, out)
		}
	}
	return nil
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// logged runs a program to its end with its output in name.log, which it
// returns. The error is nil for an exit status of 0.
func logged(ctx context.Context, b *bench, name, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.program(program), args...)
	out, err := cmd.CombinedOutput()
	path := filepath.Join(b.out, name+".log")
	if saving := os.WriteFile(path, out, 0o644); saving != nil {
		return string(out), saving
	}
	if err != nil {
		err = fmt.Errorf("%s: %w; see %s", program, err, path)
	}
	return string(out), err
}

// service is a server that runs beside a suite.
type service struct {
	cmd  *exec.Cmd
	done chan error
	port int
}

// startTimeout bounds the start of a server.
const startTimeout = 20 * time.Second

// start runs a server whose flag -port tells where to listen, and returns once
// it does.
func start(ctx context.Context, b *bench, program string, args ...string) (*service, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &service{port: port, done: make(chan error, 1)}
	s.cmd = exec.Command(b.program(program), append([]string{"-port=" + strconv.Itoa(port)}, args...)...)
	log, err := os.OpenFile(filepath.Join(b.out, program+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	err = s.cmd.Start()
	log.Close()
	if err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	ctx, stop := context.WithTimeout(ctx, startTimeout)
	defer stop()
	for {
		conn, err := net.Dial("tcp", s.address())
		if err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case err := <-s.done:
			return nil, fmt.Errorf("%s ended at once: %v; see its log in %s", program, err, b.out)
		case <-ctx.Done():
			s.stop()
			return nil, fmt.Errorf("%s does not listen on %s: %w", program, s.address(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *service) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// stop ends the server and says whether it was still there.
func (s *service) stop() error {
	select {
	case err := <-s.done:
		return fmt.Errorf("the server ended by itself: %v", err)
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(startTimeout):
		return errors.Join(errors.New("the server did not end when asked to"), s.cmd.Process.Kill())
	}
}

// freePort returns a port of 127.0.0.1 that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// tail returns the last lines of a program's output.
func tail(out string, lines int) string {
	all := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
