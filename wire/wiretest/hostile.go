// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

func hostileCases() []testCase {
	return []testCase{
		{name: "hostile/client that says nothing", scope: bubble, run: silentClient},
		{name: "hostile/client that stops half-way", scope: bubble, run: halfClient},
		{name: "hostile/garbage to the server", scope: bubble, run: garbageToServer},
		{name: "hostile/damaged requests", scope: bubble, run: damagedRequests},
		{name: "hostile/damaged replies", scope: bubble, run: damagedReplies},
		{name: "hostile/client that never reads", scope: bubble, run: clientNeverReads},
		{name: "hostile/memory for a client that never reads", scope: alone, run: clientNeverReadsMemory},
		{name: "hostile/server that never reads", kinds: kinds(), scope: bubble, run: serverNeverReads},
		{name: "hostile/port of something else", kinds: kinds(), scope: bubble, run: wrongPort},
	}
}

// echoes is the service of the hostile cases.
func echoes() handlers {
	return handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }, chat: echoChat}
}

// stillServes checks that the server is none the worse for what went before.
func (r *rig) stillServes(after string) {
	r.Helper()
	got, err := r.call(r.ctx, "still there")
	r.must(err, "a call after "+after)
	equal(r, "its reply", got, "still there")
}

// intruder connects to the server without any protocol.
func (r *rig) intruder() net.Conn {
	r.Helper()
	conn, err := r.line.connect(r.ctx, "", "")
	r.must(err, "connect to the server")
	return conn
}

// ended waits until the server has closed the connection, reading what comes.
func ended(conn net.Conn, within time.Duration) error {
	conn.SetReadDeadline(time.Now().Add(within)) //nolint:errcheck // Read tells
	_, err := io.Copy(io.Discard, conn)
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return fmt.Errorf("the server has not closed the connection after %v", within)
	}
	return nil
}

// silentClient: a client that says nothing is dropped after the time for the
// handshake, and nobody else is held up.
func silentClient(r *rig) {
	r.limits.server.Handshake = 3 * time.Second
	r.serve(echoes())
	var silent []net.Conn
	for range 20 {
		silent = append(silent, r.intruder())
	}
	begin := time.Now()
	r.stillServes("twenty clients that say nothing")
	for _, conn := range silent {
		r.must(ended(conn, 4*time.Second), "a client that says nothing")
		took := time.Since(begin)
		r.check(took >= 2*time.Second, "a client that says nothing was dropped after %v", took)
		conn.Close()
	}
	r.stillServes("the clients that said nothing")
}

// recording is what a client sends, and gets, in a session of all kinds of calls.
func (r *rig) recording() (sent, received []byte) {
	r.Helper()
	tape := &tape{line: r.line}
	c := r.newClientOver(tape.dial)
	for _, k := range kinds() {
		if r.carries(k) {
			_, err := c.exchange(r.ctx, k, "a message of some length", curlew.WithHeader("x-bird", "curlew"))
			r.must(err, "a call to record")
		}
	}
	c.close(r)
	return tape.sent, tape.received
}

// halfClient: a client that stops after any number of bytes holds nothing up,
// and is dropped when it hangs up.
func halfClient(r *rig) {
	r.limits.server.Handshake = 3 * time.Second
	r.serve(echoes())
	sent, _ := r.recording()
	var stuck []net.Conn
	for n := range len(sent) {
		conn := r.intruder()
		_, err := conn.Write(sent[:n])
		r.must(err, "send the beginning of a session")
		stuck = append(stuck, conn)
		if n%50 == 0 {
			r.stillServes(fmt.Sprintf("a client that stopped after %d bytes", n))
		}
	}
	for _, conn := range stuck {
		conn.Close()
	}
	r.stillServes("the clients that stopped")
}

// garbageToServer: bytes that are no protocol end the connection, and nothing
// else.
func garbageToServer(r *rig) {
	r.limits.server.Handshake = 3 * time.Second
	r.serve(echoes())
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		garbage := make([]byte, 1+random.IntN(300))
		for j := range garbage {
			garbage[j] = byte(random.Uint32())
		}
		conn := r.intruder()
		conn.Write(garbage) //nolint:errcheck // the server may hang up in the middle
		r.must(ended(conn, time.Minute), fmt.Sprintf("garbage that begins with % x", garbage[:min(8, len(garbage))]))
		conn.Close()
		if i%50 == 0 {
			r.stillServes("garbage")
		}
	}
	r.stillServes("garbage")
}

// damagedRequests: a session with any one byte damaged does not crash the
// server, hold it up, or disturb others.
func damagedRequests(r *rig) {
	r.limits.server.Handshake = 3 * time.Second
	r.serve(echoes())
	sent, _ := r.recording()
	for at := range sent {
		for _, change := range []byte{0x01, 0x80, 0xff} {
			damaged := append([]byte(nil), sent...)
			damaged[at] ^= change
			conn := r.intruder()
			reading := r.later(func() (string, error) { return "", ended(conn, time.Minute) })
			conn.Write(damaged) //nolint:errcheck // the server may hang up in the middle
			r.settle()
			conn.Close()
			await(r, reading, "the end of a damaged session")
		}
		if at%50 == 0 {
			r.stillServes(fmt.Sprintf("a session with byte %d damaged", at))
		}
	}
	r.stillServes("damaged sessions")
}

// damagedReplies: a server that answers with any one byte damaged costs the
// client an error or a wrong answer, but no panic and no hang.
func damagedReplies(r *rig) {
	r.serve(echoes())
	_, received := r.recording()
	for at := range received {
		damaged := append([]byte(nil), received...)
		damaged[at] ^= 0xff
		r.fakeServer(func(conn net.Conn) {
			conn.Write(damaged)      //nolint:errcheck // the client may hang up in the middle
			ended(conn, time.Minute) //nolint:errcheck // whoever of the two is first
		})
		c := r.newClient()
		for _, k := range kinds() {
			if !r.carries(k) {
				continue
			}
			ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
			_, err := c.exchange(ctx, k, "a message of some length", curlew.WithHeader("x-bird", "curlew"))
			r.check(err != nil || ctx.Err() == nil, "byte %d damaged: a call succeeded after its deadline", at)
			cancel()
		}
		c.close(r)
	}
}

// fakeServer takes the server's place on the rig's line: f gets each connection
// and has it closed when it returns.
func (r *rig) fakeServer(f func(net.Conn)) {
	r.Helper()
	fake := r.network.open(r.T)
	r.beside.Go(func() {
		for {
			conn, err := fake.listener.Accept()
			if err != nil {
				return
			}
			r.beside.Go(func() {
				defer conn.Close()
				f(conn)
			})
		}
	})
	if r.line == nil {
		r.line = fake
	} else {
		r.line.redirect(fake)
	}
	r.atEnd(func() { fake.listener.Close() })
}

// clientNeverReads: a client that sends calls and never reads the answers gets
// no more of the server than its limits, holds nobody up, and does not stop a
// shutdown.
func clientNeverReads(r *rig) {
	r.limits.server.MaxStreams = 100
	r.serve(echoes())
	r.flood(r.recordCalls())
	r.settle()
	r.stillServes("a client that never reads")
	ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
	defer cancel()
	begin := time.Now()
	r.server.shutdown(ctx) //nolint:errcheck // it may have to cut the calls of that client
	r.check(time.Since(begin) < 10*time.Second, "a client that never reads stopped a shutdown of 5 s for %v", time.Since(begin))
}

// flood connects and sends a recorded session, again and again, and reads
// nothing.
func (r *rig) flood(session []byte) {
	r.Helper()
	conn := r.intruder()
	r.atEnd(func() { conn.Close() })
	r.beside.Go(func() {
		for {
			if _, err := conn.Write(session); err != nil {
				return
			}
		}
	})
}

// recordCalls returns what a client sends that makes twenty calls.
func (r *rig) recordCalls() []byte {
	r.Helper()
	tape := &tape{line: r.line}
	c := r.newClientOver(tape.dial)
	for range 20 {
		_, err := c.call(r.ctx, numbered(0, 20_000))
		r.must(err, "a call to record")
	}
	r.settle() // what is written is recorded after that, perhaps after its answer
	tape.mu.Lock()
	sent := slices.Clone(tape.sent)
	tape.mu.Unlock()
	c.close(r)
	return sent
}

// clientNeverReadsMemory: nor does such a client make the server's memory grow.
func clientNeverReadsMemory(r *rig) {
	r.limits.server = wire.Limits{MaxBuffered: 2 << 20, MaxStreams: 20}
	r.serve(echoes())
	const n = 10
	session := r.recordCalls()
	grown := r.heapGrowth(func() {
		for range n {
			r.flood(session)
		}
		r.settle()
	})
	r.Logf("grown %d KiB", grown>>10)
	r.check(grown < 40<<20, "%d clients that never read hold %d MiB", n, grown>>20)
}

// serverNeverReads: a server that accepts and never reads, nor writes, costs a
// call its deadline, not more; a client with a handshake or liveness notices.
func serverNeverReads(r *rig) {
	r.fakeServer(func(net.Conn) { <-r.ctx.Done() })
	r.client = r.newClient()
	r.caller = r.client.caller
	begin := time.Now()
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	_, err := r.exchange(ctx, r.kind, numbered(0, 1<<20))
	r.check(err != nil, "a call succeeded without a server")
	took := time.Since(begin)
	r.check(took <= time.Minute+5*time.Millisecond, "the call took %v", took)
	r.client.close(r)
	r.cancel()
}

// wrongPort: a port at which something else listens is an error that names the
// address, in bounded time, and no panic.
func wrongPort(r *rig) {
	for name, answer := range map[string]string{
		"hangs up at once": "",
		"an SSH server":    "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
		"a web server":     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n",
		"zeros":            string(make([]byte, 1000)),
		"ones":             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"JSON":             "{\"hello\":\"who are you?\"}\n",
		"a TLS alert":      "\x15\x03\x01\x00\x02\x02\x46",
	} {
		r.line = nil
		r.fakeServer(func(conn net.Conn) {
			conn.Write([]byte(answer)) //nolint:errcheck // the client may hang up in the middle
		})
		c := r.newClient()
		ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
		_, err := c.exchange(ctx, r.kind, "hello")
		cancel()
		r.check(err != nil, "%s: a call succeeded", name)
		if err != nil {
			text := fmt.Sprint(err)
			r.check(strings.Contains(text, r.line.address), "%s: the error does not name the address %s: %v", name, r.line.address, text)
			r.check(curlew.ErrorOf(err).Progress() != curlew.Answered || curlew.ErrorOf(err).Origin() == curlew.OriginServer,
				"%s: the error says that the call was answered: %v", name, err)
		}
		c.close(r)
	}
}
