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
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second // of a server; the demo makes its tour first
	callTimeout  = 30 * time.Second // of a client's program that makes one call
)

// start builds what the groups need and starts the demo server.
func (b *bench) start(ctx context.Context, chosen []group) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	b.printf("== building; the first time, this takes some minutes")
	needed := map[string]bool{"demo": true, "grpcurl": true} // grpcurl reads the types for others
	for _, g := range chosen {
		needed[g.name] = true
	}
	for _, p := range []struct{ name, dir, path string }{
		{"demo", filepath.Join("..", "..", "examples"), "./demo"},
		{"grpcurl", ".", "github.com/fullstorydev/grpcurl/cmd/grpcurl"},
		{"buf", ".", "github.com/bufbuild/buf/cmd/buf"},
		{"beside-grpc-go", ".", "./sidebyside"},
	} {
		if !needed[p.name] {
			continue
		}
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(b.out, p.name), p.path)
		cmd.Dir = p.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", p.path, err, out)
		}
	}
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	b.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	b.demo, err = startProgram(ctx, b, program{name: "demo", path: filepath.Join(b.out, "demo"), dir: filepath.Join("..", "..", "examples"),
		args: []string{"-addr", b.address}, ready: "Still serving", signal: syscall.SIGTERM})
	return err
}

// program is a server that runs beside the checks.
type program struct {
	name, path, dir string
	args            []string
	ready           string    // what it prints once it serves; "" is: it listens
	address         string    // where it listens then
	signal          os.Signal // that ends it
	log             string
	cmd             *exec.Cmd
	done            chan error
}

// startProgram starts p and returns once it serves.
func startProgram(ctx context.Context, b *bench, p program) (*program, error) {
	p.log = filepath.Join(b.out, p.name+".log")
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.done = make(chan error, 1)
	go func() { p.done <- p.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !p.serves() {
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("%s ended at once: %v\n%s", p.name, err, tail(p.output(), 5))
		case <-ctx.Done():
			p.stop()
			return nil, fmt.Errorf("%s does not serve; see %s", p.name, p.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return &p, nil
}

func (p *program) serves() bool {
	if p.ready != "" {
		return strings.Contains(p.output(), p.ready)
	}
	conn, err := net.Dial("tcp", p.address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// output returns what the program has printed.
func (p *program) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// stop ends the program and says whether it was still there.
func (p *program) stop() error {
	select {
	case err := <-p.done:
		return fmt.Errorf("%s ended by itself: %v\n%s", p.name, err, tail(p.output(), 5))
	default:
	}
	if err := p.cmd.Process.Signal(p.signal); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(startTimeout):
		return errors.Join(fmt.Errorf("%s did not end when asked to", p.name), p.cmd.Process.Kill())
	}
}

// find returns the path of a program that the machine must have.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not on everybody's PATH
			if path := filepath.Join(dir, name); isExecutable(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("there is no %s on this machine; install it", strings.Join(names, " or "))
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// output runs a program that makes a call, and returns what it printed to
// standard output and standard error.
func output(ctx context.Context, stdin, path string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, callTimeout)
	defer stop()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// contains says which of the wanted texts is not in the output.
func contains(out string, wanted ...string) error {
	for _, w := range wanted {
		if !strings.Contains(out, w) {
			return fmt.Errorf("%q is not in the output: %s", w, tail(out, 12))
		}
	}
	return nil
}

func tail(out string, lines int) string {
	all := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
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
