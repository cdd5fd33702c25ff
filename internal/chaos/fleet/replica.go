// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a server takes to start, to obey and to end.
const patience = 30 * time.Second

// Replica is a server's process. Its methods are for one goroutine at a time.
type Replica struct {
	Addr string

	cmd    *exec.Cmd
	orders io.WriteCloser
	notes  chan note // closed when the server has closed its output
	exited chan struct{}
	status error // set before exited is closed
	log    string
}

// Start starts a server, by a command before the program if there is one, and
// returns when it listens. It is killed when the scenario ends.
func Start(t testing.TB, program string, c Config, before ...string) *Replica {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	args := append(append([]string(nil), before...), program, Flag, string(text))
	r := &Replica{cmd: exec.Command(args[0], args[1:]...), notes: make(chan note, 16), exited: make(chan struct{})}
	r.cmd.SysProcAttr = endWithRun()
	r.log = filepath.Join(t.TempDir(), "log")
	log, err := os.Create(r.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	r.cmd.Stderr = log
	if r.orders, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go r.read(out)
	t.Cleanup(func() {
		select {
		case <-r.exited:
		default:
			r.Kill()
		}
	})
	r.Addr = r.expect(t, "listens", func(n note) bool { return n.Listening != "" }).Listening
	return r
}

// read takes the server's notes, until it ends.
func (r *Replica) read(out io.Reader) {
	for d := json.NewDecoder(out); ; {
		var n note
		if d.Decode(&n) != nil {
			break
		}
		select {
		case r.notes <- n:
		default: // the server registers again and again, and nobody waits for it
		}
	}
	r.status = r.cmd.Wait()
	close(r.exited)
}

func (r *Replica) expect(t testing.TB, what string, is func(note) bool) note {
	t.Helper()
	over := time.After(patience)
	for {
		select {
		case n := <-r.notes:
			if is(n) {
				return n
			}
		case <-r.exited:
			t.Fatalf("a replica has ended before it %s: %v\n%s", what, r.status, r.Log())
		case <-over:
			t.Fatalf("a replica has not said within %v that it %s\n%s", patience, what, r.Log())
		}
	}
}

// AwaitRegistered waits until the server's registry knows it.
func (r *Replica) AwaitRegistered(t testing.TB) {
	t.Helper()
	r.expect(t, "is registered", func(n note) bool { return n.Registered })
}

// Tell gives an order, and returns when it is obeyed.
func (r *Replica) Tell(t testing.TB, o Order) {
	t.Helper()
	if err := json.NewEncoder(r.orders).Encode(o); err != nil {
		t.Fatalf("a replica takes no orders: %v\n%s", err, r.Log())
	}
	r.expect(t, "has obeyed", func(n note) bool { return n.Obeyed })
}

// Kill ends the process as a crash would, and tells between which times it did.
func (r *Replica) Kill() (from, until time.Time) {
	from = time.Now()
	_ = r.cmd.Process.Kill() // it may have ended by itself
	<-r.exited
	return from, time.Now()
}

// Terminate asks the server to end, and returns when it has drained.
func (r *Replica) Terminate(t testing.TB) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("a replica cannot be asked to end: %v\n%s", err, r.Log())
	}
	select {
	case <-r.exited:
		if r.status != nil {
			t.Errorf("a replica that was asked to end: %v\n%s", r.status, r.Log())
		}
	case <-time.After(patience):
		t.Fatalf("a replica does not end within %v\n%s", patience, r.Log())
	}
}

// Log is the end of what the server has logged.
func (r *Replica) Log() string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4<<10):])
}

// String is the process and its address.
func (r *Replica) String() string { return strconv.Itoa(r.cmd.Process.Pid) + " at " + r.Addr }
