// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// An attack is something that strangers do to a server, and what that may cost
// it. A bystander's calls are in the cost.
type attack struct {
	name   string
	limits wire.Limits // of the server; those that are zero are the defaults
	memory int64       // bytes, resident and in the heap, above what the server has before
	cpu    time.Duration
	run    func(v *victim)
}

func attackAll(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) { a.wage(t) })
	}
}

// attacks is the list of all.
func attacks() []attack {
	var all []attack
	for _, some := range [][]attack{floods(), holds(), slowness(), bombs()} {
		all = append(all, some...)
	}
	return all
}

func (a *attack) wage(t *testing.T) {
	v := start(t, a.limits)
	for range 50 { // warm
		assert.NoError(t, v.echo(t.Context(), v.http))
	}
	before := v.usage(Question{Collect: true})
	watched := v.watch()
	begun := time.Now()
	a.run(v)
	took := time.Since(begun)
	report := watched()
	after := v.usage(Question{Collect: true})
	memory, cpu := after.Peak-before.Peak, time.Duration(after.CPU-before.CPU)
	t.Logf("in %v the server used %v of processor time and %d KiB of memory at most; heap now %d KiB, %d goroutines, at most %d of %d calls at once; others: %s",
		took.Round(time.Millisecond), cpu.Round(time.Millisecond), memory>>10, after.Heap>>10, after.Goroutines, after.MostRunning, after.Calls, report)
	if strict && memory > a.memory {
		t.Errorf("the server needed %d KiB more memory, %d is what the attack may cost", memory>>10, a.memory>>10)
	}
	if heap := after.Heap - before.Heap; strict && heap > a.memory {
		t.Errorf("the server's heap is %d KiB larger, %d is what the attack may cost", heap>>10, a.memory>>10)
	}
	if strict && cpu > a.cpu {
		t.Errorf("the server needed %v of processor time, %v is what the attack may cost", cpu, a.cpu)
	}
	report.check(t)
}

// A victim is a server process.
type victim struct {
	t       *testing.T
	address string
	http    *http.Client // another's HTTP/2
}

// start starts a server that ends with the test.
func start(t *testing.T, limits wire.Limits) *victim {
	t.Helper()
	encoded, err := json.Marshal(limits)
	assert.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	// The race detector waits for a second at the end.
	cmd.Env = append(os.Environ(), limitsVariable+"="+string(encoded), "GORACE=atexit_sleep_ms=0")
	var stderr tail
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	assert.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stdin.Close()
		late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil || strings.Contains(stderr.String(), "panic") {
			t.Errorf("the server ended with %v:\n%s", err, stderr.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	assert.NoError(t, err)
	var versions http.Protocols
	versions.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &versions}
	t.Cleanup(transport.CloseIdleConnections)
	return &victim{t: t, address: strings.TrimSpace(line), http: &http.Client{Transport: transport}}
}

// tail keeps the end of what is written.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	if most := 64 << 10; len(w.b) > most {
		w.b = append(w.b[:0], w.b[len(w.b)-most/2:]...)
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.b)
}

// dial opens a connection, which is closed when the test ends.
func (v *victim) dial() net.Conn {
	v.t.Helper()
	conn, err := net.Dial("tcp", v.address)
	assert.NoError(v.t, err)
	v.t.Cleanup(func() { conn.Close() })
	return conn
}

// post calls a method by Connect, with JSON.
func (v *victim) post(ctx context.Context, c *http.Client, method string, request, reply any) error {
	b, err := json.Marshal(request)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+v.address+"/"+serviceName+"/"+method, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := c.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	b, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, b)
	}
	return json.Unmarshal(b, reply)
}

func (v *victim) echo(ctx context.Context, c *http.Client) error {
	in, out := Message{[]byte("bystander")}, Message{}
	if err := v.post(ctx, c, "Echo", in, &out); err != nil {
		return err
	}
	if string(out.Data) != string(in.Data) {
		return fmt.Errorf("the echo is %q", out.Data)
	}
	return nil
}

func (v *victim) usage(q Question) Usage {
	v.t.Helper()
	var u Usage
	assert.NoError(v.t, v.post(v.t.Context(), v.http, "Usage", q, &u))
	return u
}

// until asks for the server's usage until ok likes it, at most for so long.
func (v *victim) until(patience time.Duration, what string, ok func(Usage) bool) {
	v.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		u := v.usage(Question{})
		if ok(u) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			v.t.Errorf("after %v there is not: %s; %+v", patience, what, u)
			return
		}
	}
}

// wait lets an attack go on for a while.
func (v *victim) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-v.t.Context().Done():
	}
}

// patience is how long a bystander's call may take on a machine that is busy
// with an attack, the attackers included.
const patience = 3 * time.Second

// service is what bystanders got.
type service struct {
	calls  int
	worst  time.Duration
	failed []error
}

func (s *service) String() string {
	return fmt.Sprintf("%d calls, the slowest in %v, %d failed", s.calls, s.worst.Round(time.Millisecond/10), len(s.failed))
}

func (s *service) check(t *testing.T) {
	t.Helper()
	for _, err := range s.failed[:min(3, len(s.failed))] {
		t.Errorf("another client's call failed: %v", err)
	}
	if s.calls < 4 {
		t.Errorf("other clients made only %d calls meanwhile", s.calls)
	}
	if strict && s.worst > patience {
		t.Errorf("another client's call took %v", s.worst)
	}
}

// watch begins to call the server over and over, by HTTP/2 and by the native
// protocol, each on a connection of its own. The function that it returns ends
// that.
func (v *victim) watch() func() *service {
	native, err := client.New(v.address)
	assert.NoError(v.t, err)
	ctx, stop := context.WithCancel(v.t.Context())
	var got service
	var mu sync.Mutex
	var tasks sync.WaitGroup
	for _, call := range []func(context.Context) error{
		func(ctx context.Context) error { return v.echo(ctx, v.http) },
		func(ctx context.Context) error {
			return native.Call(ctx, serviceName+"/Echo", &Message{[]byte("x")}, new(Message))
		},
	} {
		tasks.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				begun := time.Now()
				limited, cancel := context.WithTimeout(v.t.Context(), 4*patience)
				err := call(limited)
				cancel()
				mu.Lock()
				got.calls++
				got.worst = max(got.worst, time.Since(begun))
				if err != nil {
					got.failed = append(got.failed, err)
				}
				mu.Unlock()
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	return func() *service {
		stop()
		tasks.Wait()
		native.Close()
		return &got
	}
}
