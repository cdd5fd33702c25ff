// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
)

// bombs are small when they are sent.
func bombs() []attack {
	return []attack{
		{name: "HPACK bomb", memory: 32 << 20, cpu: 5 * time.Second, run: hpackBomb},
		{name: "header list over the limit", memory: 16 << 20, cpu: 2 * time.Second, run: longHeader},
		{name: "many small fields", memory: 32 << 20, cpu: 5 * time.Second, run: manyFields},
		{name: "decompression bomb, gRPC", memory: 64 << 20, cpu: 5 * time.Second, run: gzipBomb},
		{name: "decompression bomb, Connect", memory: 64 << 20, cpu: 5 * time.Second, run: connectBomb},
		{name: "length of a message that never comes", memory: 128 << 20, cpu: 2 * time.Second, run: announcedMessages},
		{name: "length of a body that never comes", memory: 128 << 20, cpu: 2 * time.Second, run: announcedBodies},
	}
}

// hpackBomb puts one large field into the table and refers to it thousands of
// times (CVE-2016-6581).
func hpackBomb(v *victim) {
	const name = "x-large"
	large := strings.Repeat("v", 3900)
	for range 4 {
		p := v.http2().listen()
		for stream := uint32(1); stream < 400; stream += 2 {
			block := bytes.Clone(p.unindexed(request("Echo")...))
			block = append(block, p.fields(name, large)...) // in the table now, if not before
			reference := p.fields(name, large)
			if len(reference) != 1 {
				v.t.Fatalf("the field is not in the table: %d bytes", len(reference))
			}
			block = append(block, bytes.Repeat(reference, 15<<10)...)
			if !p.frame(frameHeaders, flagEndHeaders|flagEnd, stream, block) {
				break
			}
		}
		p.flush()
		v.wait(200 * time.Millisecond)
		if got := p.seen(); got.statuses["200"] > 0 {
			v.t.Errorf("requests with headers of 60 MiB were answered: %+v", got)
		}
	}
}

// longHeader sends a header that is larger than the limit, by both versions of
// HTTP. The connection may live on, and then it must be of use.
func longHeader(v *victim) {
	for range 8 / share {
		p := v.http2().listen()
		for stream := uint32(1); stream < 200; stream += 2 {
			block := p.fields(append(request("Echo"), "x-long", strings.Repeat("v", 32<<10))...)
			p.frame(frameHeaders, flagEnd, stream, block[:10<<10])
			p.frame(frameContinuation, 0, stream, block[10<<10:20<<10])
			p.frame(frameContinuation, flagEndHeaders, stream, block[20<<10:])
		}
		p.open(201, flagEnd, "Nothing")
		p.flush()
		deadline := time.After(5 * time.Second)
		for p.seen().statuses["431"] < 100 || p.seen().statuses["200"] < 1 {
			select {
			case <-p.ended:
				v.t.Fatalf("the connection has ended: %+v", p.got)
			case <-deadline:
				v.t.Fatalf("not every request got its answer: %+v", p.seen())
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	for range 8 {
		request, err := http.NewRequest(http.MethodPost, "http://"+v.address+"/"+serviceName+"/Echo", strings.NewReader("{}"))
		assert.NoError(v.t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Long", strings.Repeat("v", 64<<10))
		c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := c.Do(request)
		if err != nil { // the server may close before all is sent
			continue
		}
		response.Body.Close()
		assert.Equal(v.t, response.StatusCode, http.StatusRequestHeaderFieldsTooLarge)
	}
}

// manyFields sends headers of as many fields as fit.
func manyFields(v *victim) {
	p := v.http2().listen()
	var pairs []string
	for range 400 {
		pairs = append(pairs, "a", "b")
	}
	for stream := uint32(1); stream < 4000/share; stream += 2 {
		if !p.open(stream, flagEnd, "Echo", pairs...) {
			break
		}
	}
	p.flush()
	v.wait(time.Second)
}

// zeros returns n zero bytes in gzip's format.
func zeros(n int) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	for range n >> 20 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Close()
	return b.Bytes()
}

// explosion is what a bomb unpacks to.
const explosion = 256 << 20 / share

// gzipBomb sends messages that unpack to far more than the limit.
func gzipBomb(v *victim) {
	bomb := message(1, zeros(explosion))
	for range 16 / share {
		p := v.http2().listen()
		for stream := uint32(1); stream < 8; stream += 2 {
			p.open(stream, 0, "Echo", "grpc-encoding", "gzip")
			for rest := bomb[:min(60_000, len(bomb)/2)]; len(rest) > 0; { // within the first window
				n := min(len(rest), 16<<10)
				p.frame(frameData, 0, stream, rest[:n])
				rest = rest[n:]
			}
		}
		p.flush()
	}
	// One that arrives as a whole.
	for range 16 / share {
		request, err := http.NewRequest(http.MethodPost, "http://"+v.address+"/"+serviceName+"/Echo", bytes.NewReader(bomb))
		assert.NoError(v.t, err)
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
		request.Header.Set("Grpc-Encoding", "gzip")
		response, err := v.http.Do(request)
		assert.NoError(v.t, err)
		response.Body.Close()
		if status := response.Header.Get("Grpc-Status"); status != "8" { // RESOURCE_EXHAUSTED
			v.t.Errorf("a message of %d bytes was answered by status %q", explosion, status)
		}
	}
}

// connectBomb sends requests whose body unpacks to far more than the limit.
func connectBomb(v *victim) {
	bomb := zeros(explosion)
	for range 16 / share {
		request, err := http.NewRequest(http.MethodPost, "http://"+v.address+"/"+serviceName+"/Echo", bytes.NewReader(bomb))
		assert.NoError(v.t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Content-Encoding", "gzip")
		response, err := v.http.Do(request)
		assert.NoError(v.t, err)
		response.Body.Close()
		assert.Equal(v.t, response.StatusCode, http.StatusTooManyRequests) // resource_exhausted
	}
}

// announcedMessages announces large messages of which only the first byte
// comes, in as many handlers.
func announcedMessages(v *victim) {
	v.announce(func(p *peer, stream uint32) {
		p.open(stream, 0, []string{"Echo", "Collect"}[stream/2%2])
		p.frame(frameData, 0, stream, []byte{0, 0, 0x3f, 0xff, 0xff, 0x0a})
	})
}

// announcedBodies does the same by the length of Connect's requests.
func announcedBodies(v *victim) {
	v.announce(func(p *peer, stream uint32) {
		fields := p.fields(":method", "POST", ":scheme", "http", ":path", "/"+serviceName+"/Echo", ":authority", "target",
			"content-type", "application/json", "content-length", "4000000")
		p.frame(frameHeaders, flagEndHeaders, stream, fields)
		p.frame(frameData, 0, stream, []byte{'{'})
	})
}

func (v *victim) announce(send func(p *peer, stream uint32)) {
	for range 8 / share {
		p := v.http2().listen()
		for i := range 1000 {
			send(p, uint32(2*i+1))
		}
		p.flush()
	}
	v.wait(time.Second)
}
