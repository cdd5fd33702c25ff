// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/wire"
)

// cable cuts the way to a server in a network namespace of its own: packets are
// dropped, and nobody is told.
func cable(e *env) {
	line := e.plug()
	e.cut(line, "by default: ", 10*time.Second)
	e.cut(line, "asked for 1 s: ", time.Second, client.WithLimits(wire.Limits{Liveness: time.Second}))
	e.cutOne(line)
}

// line is the way into a network namespace.
type line struct {
	namespace string
	inside    string // the address there
}

// plug makes a namespace and a way into it. They are deleted when the scenario
// ends.
func (e *env) plug() line {
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			e.Skipf("there is no program %s; the Debian packages iproute2 and nftables have them", program)
		}
	}
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		e.Skipf("network namespaces need Linux and root")
	}
	pid := os.Getpid()
	l := line{namespace: fmt.Sprintf("curlew-chaos-%d", pid)}
	outer, inner := fmt.Sprintf("cc%do", pid), fmt.Sprintf("cc%di", pid)
	net := fmt.Sprintf("10.213.%d", pid%256)
	l.inside = net + ".2"
	if out, err := exec.Command("ip", "netns", "add", l.namespace).CombinedOutput(); err != nil {
		e.Skipf("network namespaces are not allowed here: %v: %s", err, strings.TrimSpace(string(out)))
	}
	e.Cleanup(func() { e.command("ip", "netns", "delete", l.namespace) })
	if out, err := exec.Command("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", l.namespace).CombinedOutput(); err != nil {
		e.Skipf("virtual cables are not allowed here: %v: %s", err, strings.TrimSpace(string(out)))
	}
	e.command("ip", "address", "add", net+".1/24", "dev", outer)
	e.command("ip", "link", "set", outer, "up")
	l.command(e, "ip", "address", "add", l.inside+"/24", "dev", inner)
	l.command(e, "ip", "link", "set", inner, "up")
	l.command(e, "ip", "link", "set", "lo", "up")
	if out, err := l.run("nft", "add", "table", "inet", "chaos"); err != nil {
		e.Skipf("nftables are not allowed here: %v: %s", err, out)
	}
	return l
}

// drop has all packets of the namespace dropped, or let through again.
func (l line) drop(e *env, drop bool) {
	l.command(e, "nft", "flush", "ruleset")
	if drop {
		l.command(e, "nft", "add table inet chaos; "+
			"add chain inet chaos in { type filter hook input priority 0; policy drop; }; "+
			"add chain inet chaos out { type filter hook output priority 0; policy drop; }")
	}
}

// run runs a command in the namespace.
func (l line) run(command ...string) (string, error) {
	out, err := exec.Command("ip", append([]string{"netns", "exec", l.namespace}, command...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (l line) command(e *env, command ...string) {
	if out, err := l.run(command...); err != nil {
		e.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
}

func (e *env) command(command ...string) {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		e.Fatalf("%s: %v: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
}

// replica starts a server in the namespace.
func (l line) replica(e *env, handle time.Duration) *fleet.Replica {
	return fleet.Start(e, e.Program, fleet.Config{Listen: l.inside + ":0", Handle: handle}, "ip", "netns", "exec", l.namespace)
}

// cut cuts the way to the only server while calls are in flight that have a lot
// of time, and makes calls that have little.
func (e *env) cut(l line, which string, noticed time.Duration, options ...client.Option) {
	const timeout = 2 * time.Second
	server := l.replica(e, 500*time.Millisecond)
	c := e.dial(server.Addr, options...)
	patient := load.Plan{Stages: []load.Stage{{Rate: 50, For: 2 * time.Second}}, Writes: 1, Timeout: 60 * time.Second}
	run := e.load(c, patient)
	e.wait(2*time.Second - 100*time.Millisecond)
	l.drop(e, true)
	cut := c.journal.Now()
	if err := run.Wait(); err != nil {
		e.Fatal(err)
	}
	lost, slowest, silent := 0, time.Duration(0), 0
	for _, call := range c.journal.Calls(0, 0) {
		if call.Err == nil || call.Begin >= cut {
			continue
		}
		lost++
		slowest = max(slowest, call.End-cut)
		if curlew.CodeOf(call.Err) != curlew.Unavailable {
			silent++
		}
	}
	e.figure(which+"calls in flight when the cable was cut", float64(lost), "", figure.AtLeast(1))
	e.figure(which+"all of them had failed after", figure.Millis(slowest), "ms", figure.AtMost(figure.Millis(noticed)))
	e.figure(which+"of them without telling that the connection is lost", float64(silent), "", figure.AtMost(0))

	// Now every try to connect is in vain, too.
	short := load.Plan{Stages: []load.Stage{{Rate: 100, For: e.shorter(5*time.Second, 2*time.Second)}}, Writes: 0.5, Timeout: timeout}
	from := c.journal.Now()
	if err := e.load(c, short).Wait(); err != nil {
		e.Fatal(err)
	}
	late := load.Quantile(c.journal.Calls(from, 0), 1, load.Failed) - timeout
	e.figure(which+"calls past their deadline by, at most", figure.Millis(late), "ms", figure.AtMost(100))
	l.drop(e, false)
	back := c.journal.Now()
	if err := e.load(c, load.Plan{Stages: []load.Stage{{Rate: 100, For: 100 * time.Millisecond}}, Timeout: 30 * time.Second}).Wait(); err != nil {
		e.Fatal(err)
	}
	again := c.journal.Calls(back, 0)
	e.figure(which+"plugged in again, calls that failed", float64(load.Count(again, load.Failed)), "", figure.AtMost(0))
	e.figure(which+"and the slowest took", figure.Millis(load.Quantile(again, 1, load.Served)), "ms", figure.Bound{})
	server.Kill()
}

// cutOne cuts the way to one of several servers: idempotent calls go elsewhere
// in time, and those that are not fail when the cut is noticed.
func (e *env) cutOne(l line) {
	const which, timeout = "one of 5, asked for 1 s: ", 5 * time.Second
	replicas := append(e.start(size-1, fleet.Config{Handle: 20 * time.Millisecond}), l.replica(e, 20*time.Millisecond))
	c := e.dial(addresses(replicas), client.WithLimits(wire.Limits{Liveness: time.Second}))
	run := e.load(c, load.Plan{Stages: []load.Stage{{Rate: 500, For: e.shorter(10*time.Second, 5*time.Second)}}, Writes: 0.5, Timeout: timeout})
	e.wait(2 * time.Second)
	from := c.journal.Now()
	l.drop(e, true)
	cut := c.journal.Now()
	calls := e.finish(c, run)
	l.drop(e, false)
	gone := replicas[size-1].Addr
	reads := func(call *load.Call) bool { return load.Failed(call) && !call.Write }
	e.figure(which+"idempotent calls that failed", float64(load.Count(calls, reads)), "", figure.AtMost(0))
	e.figure(which+"other calls that failed, beside those in flight there", float64(load.Count(calls, load.Failed)-load.Count(calls, reads)), "",
		figure.AtMost(float64(flying(c.journal, gone, from, cut+time.Second))))
	e.figure(which+"the last call went to the lost server after", figure.Millis(lastTry(c.journal, gone)-cut), "ms", figure.AtMost(1000))
	e.explain(calls, reads)
}
