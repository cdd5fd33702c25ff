// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"net"
	"time"

	"github.com/curlewrpc/curlew/wire"
)

// holds occupy what a server has, for as long as it lets them.
func holds() []attack {
	return []attack{
		{name: "zero window", memory: 200 << 20, cpu: 5 * time.Second, run: zeroWindow},
		{name: "window of one byte", memory: 200 << 20, cpu: 5 * time.Second, run: tinyWindow},
		{name: "answers that nobody reads", memory: 200 << 20, cpu: 5 * time.Second, run: unreadAnswers},
		{name: "one-byte DATA frames", memory: 32 << 20, cpu: 10 * time.Second, run: oneByteFrames},
		{name: "one-byte DATA frames that nobody reads", memory: 160 << 20, cpu: 15 * time.Second, run: heldOneByteFrames},
		{name: "half-open streams", memory: 200 << 20, cpu: 10 * time.Second, run: halfOpenStreams},
		{name: "half-open connections", limits: wire.Limits{Handshake: 2 * time.Second}, memory: 64 << 20, cpu: 5 * time.Second, run: halfOpenConnections},
	}
}

// zeroWindow asks for far more than the server should keep, and gives no credit
// for it (CVE-2019-9517).
func zeroWindow(v *victim) {
	v.askMuch(v.http2(settingInitialWindow, 0).listen())
}

// tinyWindow is zeroWindow with credit for a byte, so that there is something to
// send, always.
func tinyWindow(v *victim) {
	p := v.http2(settingInitialWindow, 1).listen()
	streams := v.askMuch(p)
	for range 20 {
		for stream := range streams {
			p.frame(frameWindowUpdate, 0, uint32(2*stream+1), []byte{0, 0, 0, 1})
		}
		p.flush()
		v.wait(10 * time.Millisecond)
	}
}

// unreadAnswers gives all credit there is and does not read.
func unreadAnswers(v *victim) {
	p := v.http2(settingInitialWindow, 1<<31-1)
	p.frame(frameWindowUpdate, 0, 0, []byte{0x7f, 0, 0, 0})
	v.askMuch(p)
}

// askMuch calls for 512 MiB in replies of 64 KiB, as fast as the server makes
// them. It returns the number of streams.
func (v *victim) askMuch(p *peer) (streams int) {
	const batch, length = 256, 64 << 10
	for range max(32/share, 1) {
		for range batch {
			stream := uint32(2*streams + 1)
			p.open(stream, 0, "Big")
			p.frame(frameData, flagEnd, stream, message(0, size(length)))
			streams++
		}
		if !p.flush() {
			break // the server has had enough
		}
		v.wait(20 * time.Millisecond)
	}
	v.wait(200 * time.Millisecond)
	if u := v.usage(Question{}); strict && u.Calls < 1000 {
		v.t.Errorf("only %d calls were made", u.Calls)
	}
	return streams
}

// oneByteFrames sends large messages in DATA frames of one byte. The server must
// take them, as long as they are cheap.
func oneByteFrames(v *victim) {
	const length = 60_000 // within the first window
	body := message(0, data(make([]byte, length)))
	p := v.http2().listen()
	streams := 16 / share
	for i := range streams {
		stream := uint32(2*i + 1)
		p.open(stream, 0, "Collect")
		for _, b := range body {
			p.frame(frameData, 0, stream, []byte{b})
		}
		p.frame(frameData, flagEnd, stream, nil)
	}
	p.flush()
	v.until(10*time.Second, "the messages' arrival", func(Usage) bool { return p.seen().ends == streams })
}

// heldOneByteFrames fills the windows of many streams that no handler reads
// with frames of one byte: what the server keeps of them must not be many times
// as large.
func heldOneByteFrames(v *victim) {
	p := v.http2().listen()
	const length = 60_000
	streams := 128 / share
	for i := range streams {
		stream := uint32(2*i + 1)
		p.open(stream, 0, "Hold")
		for range length {
			if !p.frame(frameData, 0, stream, []byte{0}) {
				return
			}
		}
	}
	p.flush()
	v.wait(time.Second)
}

// halfOpenStreams opens as many requests without a body as the server allows, on
// several connections, and more.
func halfOpenStreams(v *victim) {
	const streams = 1500
	peers := make([]*peer, 8/share)
	for i := range peers {
		p := v.http2().listen()
		peers[i] = p
		for i := range streams {
			p.open(uint32(2*i+1), 0, "Hold")
		}
		p.flush()
	}
	// The limit is a little lower, for all streams must be able to hold a window.
	v.until(5*time.Second, "handlers up to the limit, and the others refused", func(u Usage) bool {
		for _, p := range peers {
			if refused := p.seen().resets[codeRefused]; refused < streams-1024 || refused > streams-1000 {
				return false
			}
		}
		return u.Running >= 1000*len(peers)
	})
	for _, p := range peers {
		p.conn.Close()
	}
	v.until(10*time.Second, "no handler left", func(u Usage) bool { return u.Running == 0 })
}

// halfOpenConnections connects and says nothing, or half of something.
func halfOpenConnections(v *victim) {
	beginnings := []string{"", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /x HTTP/1.1\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nX-", "\xc7"}
	var conns []net.Conn
	for i := range 1800 / share {
		conn := v.dial()
		if _, err := conn.Write([]byte(beginnings[i%len(beginnings)])); err != nil {
			v.t.Error(err)
		}
		conns = append(conns, conn)
	}
	v.allEnded(conns, 6*time.Second)
}

// allEnded reads until the server has ended each connection.
func (v *victim) allEnded(conns []net.Conn, within time.Duration) {
	v.t.Helper()
	deadline := time.Now().Add(within)
	open := 0
	for _, conn := range conns {
		conn.SetReadDeadline(deadline)
		for buf := make([]byte, 4096); ; {
			_, err := conn.Read(buf)
			if e, ok := err.(net.Error); ok && e.Timeout() {
				open++
			}
			if err != nil {
				break
			}
		}
	}
	if open > 0 {
		v.t.Errorf("%d of %d connections are open after %v", open, len(conns), within)
	}
}
