// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"net"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/wire"
)

// slowness keeps a server waiting.
func slowness() []attack {
	quick := wire.Limits{Handshake: time.Second}
	return []attack{
		{name: "slow HTTP/1 header", limits: quick, memory: 48 << 20, cpu: 5 * time.Second, run: func(v *victim) {
			v.slowHead("POST /attack.Target/Echo HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-Y: z\r\n", 1000))
		}},
		{name: "slow HTTP/2 header", limits: quick, memory: 48 << 20, cpu: 5 * time.Second, run: slowHeaders},
		{name: "slow preface", limits: quick, memory: 48 << 20, cpu: 5 * time.Second, run: func(v *victim) {
			v.slowHead("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		}},
		{name: "slow HTTP/1 body", memory: 64 << 20, cpu: 5 * time.Second, run: slowBody1},
		{name: "slow HTTP/2 body", memory: 64 << 20, cpu: 5 * time.Second, run: slowBody2},
	}
}

// every does something often, for a while.
func (v *victim) every(interval, during time.Duration, do func(i int)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	end := time.After(during)
	for i := 0; ; i++ {
		do(i)
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}

// slowHead sends the beginning of a connection byte by byte, on many.
func (v *victim) slowHead(head string) {
	var conns []net.Conn
	for range 300 / share {
		conns = append(conns, v.dial())
	}
	v.every(100*time.Millisecond, 2500*time.Millisecond, func(i int) {
		for _, conn := range conns {
			_, _ = conn.Write([]byte{head[i]}) // fails once the server has had enough
		}
	})
	v.allEnded(conns, 3*time.Second)
}

// slowHeaders sends a whole preface and then a HEADERS frame byte by byte, or
// CONTINUATION frames one by one.
func slowHeaders(v *victim) {
	var peers []*peer
	for range 300 / share {
		peers = append(peers, v.http2())
	}
	for i, p := range peers {
		if i%2 == 0 {
			p.frame(frameHeaders, 0, 1, p.fields(request("Echo")...))
		} else {
			p.out.Write([]byte{0, 1, 0, frameHeaders, flagEndHeaders, 0, 0, 0, 1})
		}
		p.flush()
	}
	v.every(100*time.Millisecond, 2500*time.Millisecond, func(int) {
		for i, p := range peers {
			if i%2 == 0 {
				p.frame(frameContinuation, 0, 1, []byte{0x00, 0x01, 'x', 0x00})
			} else {
				p.out.Write([]byte{0x00})
			}
			p.out.Flush()
		}
	})
	var conns []net.Conn
	for _, p := range peers {
		conns = append(conns, p.conn)
	}
	v.allEnded(conns, 3*time.Second)
}

// slowBody1 sends request bodies byte by byte, on a connection each.
func slowBody1(v *victim) {
	var conns []net.Conn
	for range 300 / share {
		conn := v.dial()
		_, err := conn.Write([]byte("POST /attack.Target/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"))
		if err != nil {
			v.t.Error(err)
		}
		conns = append(conns, conn)
	}
	v.every(50*time.Millisecond, 2*time.Second, func(int) {
		for _, conn := range conns {
			_, _ = conn.Write([]byte{' '})
		}
	})
	for _, conn := range conns {
		conn.Close()
	}
}

// slowBody2 sends request bodies byte by byte, on many streams of a few
// connections.
func slowBody2(v *victim) {
	const streams = 500
	var peers []*peer
	for range 4 {
		p := v.http2().listen()
		for i := range streams {
			p.open(uint32(2*i+1), 0, []string{"Echo", "Collect"}[i%2])
			p.frame(frameData, 0, uint32(2*i+1), []byte{0, 0, 0, 4, 0})
		}
		p.flush()
		peers = append(peers, p)
	}
	v.every(100*time.Millisecond, 2*time.Second, func(int) {
		for _, p := range peers {
			for i := range streams {
				p.frame(frameData, 0, uint32(2*i+1), []byte{0})
			}
			p.flush()
		}
	})
	for _, p := range peers {
		p.conn.Close()
	}
	v.until(10*time.Second, "no handler left", func(u Usage) bool { return u.Running == 0 })
}
