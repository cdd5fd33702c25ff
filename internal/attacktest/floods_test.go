// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bytes"
	"strings"
	"time"
)

// floods are streams of frames that cost the sender little.
func floods() []attack {
	return []attack{
		{name: "rapid reset", memory: 32 << 20, cpu: 5 * time.Second, run: rapidReset},
		{name: "resets by the server", memory: 32 << 20, cpu: 5 * time.Second, run: serverResets},
		{name: "CONTINUATION flood", memory: 8 << 20, cpu: time.Second, run: continuationFlood},
		{name: "SETTINGS flood", memory: 8 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			v.flood(func(p *peer) bool {
				return p.frame(frameSettings, 0, 0, []byte{0, settingInitialWindow, 0, 1, 0, 0})
			})
		}},
		{name: "PING flood", memory: 8 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			v.flood(func(p *peer) bool { return p.frame(framePing, 0, 0, make([]byte, 8)) })
		}},
		{name: "flood of empty DATA", memory: 8 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			opened := make(map[*peer]bool)
			v.flood(func(p *peer) bool {
				if !opened[p] {
					opened[p] = true
					p.open(1, 0, "Collect")
				}
				return p.frame(frameData, 0, 1, nil)
			})
		}},
		{name: "flood of empty HEADERS", memory: 16 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			next := make(map[*peer]uint32)
			v.flood(func(p *peer) bool {
				next[p] += 2
				return p.frame(frameHeaders, flagEnd|flagEndHeaders, next[p]-1, nil)
			})
		}},
		{name: "PRIORITY flood", memory: 8 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			v.flood(func(p *peer) bool { return p.frame(framePriority, 0, 7, []byte{0, 0, 0, 3, 1}) })
		}},
		// These are no reason to end a connection: honest clients send many of them
		// for one large frame. They only have to be cheap.
		{name: "WINDOW_UPDATE flood", memory: 8 << 20, cpu: 2 * time.Second, run: windowUpdates},
		{name: "flood of unknown frames", memory: 8 << 20, cpu: 2 * time.Second, run: func(v *victim) {
			v.flood(func(p *peer) bool { return p.frame(0xbb, 0, 0, nil) })
		}},
	}
}

// flood sends frames by several connections, one after the other, as fast as
// the server takes them, to a server that is listened to and to one that is not.
// Each connection must be ended before too many are sent.
func (v *victim) flood(send func(*peer) bool) {
	const frames = 1 << 20
	begun := time.Now()
	for i := 0; i < 8/share || time.Since(begun) < 300*time.Millisecond; i++ {
		p := v.http2()
		if i%2 == 0 {
			p.listen()
		}
		taken := 0
		for taken < frames && send(p) {
			taken++
		}
		p.flush()
		if taken == frames {
			v.t.Fatalf("the server took all of %d frames", frames)
		}
		if i%2 == 0 {
			p.calm(10 * time.Second)
		}
	}
}

// windowUpdates sends a million credits of one byte.
func windowUpdates(v *victim) {
	p := v.http2().listen()
	p.open(1, 0, "Hold")
	for i := range 1 << 20 / share {
		if !p.frame(frameWindowUpdate, 0, uint32(i%2), []byte{0, 0, 0, 1}) {
			v.t.Errorf("the server took %d credits: %+v", i, p.over(time.Second))
			break
		}
	}
	p.flush()
}

// rapidReset opens streams and resets them at once (CVE-2023-44487), on one
// connection after the other.
func rapidReset(v *victim) {
	const most = 200_000
	for range 8 / share {
		p := v.http2().listen()
		sent := 0
		for stream := uint32(1); sent < most; stream += 2 {
			p.open(stream, 0, "Hold")
			if !p.frame(frameReset, 0, stream, []byte{0, 0, 0, codeCancel}) {
				break
			}
			sent++
		}
		p.flush()
		if sent == most {
			v.t.Fatalf("the server took %d resets", sent)
		}
		p.calm(10 * time.Second)
	}
	v.until(5*time.Second, "no handler left", func(u Usage) bool { return u.Running == 0 })
	if u := v.usage(Question{}); u.MostRunning > 2*1024*8 {
		v.t.Errorf("%d handlers ran at once", u.MostRunning)
	}
}

// serverResets opens streams and makes the server reset them, by windows that
// overflow (CVE-2025-8671).
func serverResets(v *victim) {
	const most = 200_000
	for range 8 / share {
		p := v.http2().listen()
		sent := 0
		for stream := uint32(1); sent < most; stream += 2 {
			p.open(stream, 0, "Hold")
			if !p.frame(frameWindowUpdate, 0, stream, []byte{0x7f, 0xff, 0xff, 0xff}) {
				break
			}
			sent++
		}
		p.flush()
		if sent == most {
			v.t.Fatalf("the server took %d streams to reset", sent)
		}
		p.calm(10 * time.Second)
	}
	v.until(5*time.Second, "no handler left", func(u Usage) bool { return u.Running == 0 })
}

// continuationFlood sends header blocks that never end (CVE-2024-27316): of
// large pieces, of small ones and of empty ones.
func continuationFlood(v *victim) {
	for _, piece := range []int{16 << 10, 64, 1, 0} {
		p := v.http2().listen()
		p.frame(frameHeaders, 0, 1, p.fields(request("Echo")...))
		// A literal without indexing; its name ends somewhere in the next pieces.
		payload := append([]byte{0x00, 0x01, 'x'}, bytes.Repeat([]byte{0x00}, 16<<10)...)[:piece]
		sent := 0
		for sent < 64<<20 && p.frame(frameContinuation, 0, 1, payload) {
			sent += 9 + piece
		}
		p.flush()
		p.over(10 * time.Second)
		if sent >= 64<<20 {
			v.t.Errorf("the server took %d MiB of CONTINUATION frames of %d bytes", sent>>20, piece)
		}
	}
	// Whole fields, each within limits.
	p := v.http2().listen()
	p.frame(frameHeaders, 0, 1, p.fields(request("Echo")...))
	sent := 0
	for sent < 64<<20 {
		block := p.fields("x-"+strings.Repeat("n", 20), strings.Repeat("v", 4000))
		if !p.frame(frameContinuation, 0, 1, block) {
			break
		}
		sent += len(block)
	}
	p.flush()
	p.over(10 * time.Second)
	if sent >= 64<<20 {
		v.t.Errorf("the server took a header of %d MiB", sent>>20)
	}
}
