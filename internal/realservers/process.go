// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// startup is how long a server may take to answer.
const startup = 60 * time.Second

// Process is a program that runs until its test ends. Its methods are for one
// goroutine at a time.
type Process struct {
	name    string
	command func() *exec.Cmd
	ready   func(ctx context.Context) error
	log     string // the file with the program's output

	cmd    *exec.Cmd // nil unless it runs
	exited chan struct{}
}

// Run starts the program that command returns, and waits until ready returns
// nil; it is called again and again, each time with a second at most. The program
// is stopped when the test ends, and its last output is logged if that failed.
func Run(t testing.TB, command func() *exec.Cmd, ready func(ctx context.Context) error) *Process {
	t.Helper()
	p := &Process{command: command, ready: ready, log: filepath.Join(t.TempDir(), "log")}
	p.name = filepath.Base(command().Path)
	t.Cleanup(func() {
		p.Kill(t)
		if t.Failed() {
			t.Logf("the end of the output of %s:\n%s", p.name, p.Output(8<<10))
		}
	})
	p.Start(t)
	return p
}

// Start starts a program that was stopped, and waits until it is ready.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the program has its own
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = log, log
	endWithTest(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited = cmd, exited
	go func() { // Stop and Kill wait for it
		_ = cmd.Wait() // how it ended is in its output
		close(exited)
	}()
	p.await(t)
}

// await waits until the program is ready.
func (p *Process) await(t testing.TB) {
	t.Helper()
	over, tick := time.After(startup), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := p.ready(ctx)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-p.exited:
			t.Fatalf("%s has ended:\n%s", p.name, p.Output(4<<10))
		case <-over:
			t.Fatalf("%s is not ready within %v: %v", p.name, startup, err)
		}
	}
}

// Stop asks the program to end, and waits until it has.
func (p *Process) Stop(t testing.TB) { p.end(t, syscall.SIGTERM) }

// Kill ends the program as a crash would. It does nothing if it does not run.
func (p *Process) Kill(t testing.TB) { p.end(t, os.Kill) }

func (p *Process) end(t testing.TB, signal os.Signal) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(signal) // it may have ended by itself
	select {
	case <-p.exited:
	case <-time.After(startup):
		t.Errorf("%s does not end by %v", p.name, signal)
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	p.cmd = nil
}

// Output returns at most the last n bytes that the program has written.
func (p *Process) Output(n int) []byte {
	output, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(output[max(0, len(output)-n):])
}

// FreePorts returns ports of the loopback interface that nobody listens on.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }() // only once all are found, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// loopback is the address of a port.
func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// expectStatus is an error unless code is 200.
func expectStatus(code int, url string, body []byte) error {
	if code == 200 {
		return nil
	}
	return fmt.Errorf("%s: status %d: %s", url, code, bytes.TrimSpace(body))
}
