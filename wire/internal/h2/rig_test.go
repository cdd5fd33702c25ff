// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

func TestMain(m *testing.M) { assert.Main(m) }

// protocol is a wire.HTTPProtocol made of a function.
type protocol func(ctx context.Context, x wire.Exchange)

func (protocol) Name() string { return "test" }

func (protocol) Match(*wire.HTTPRequest, wire.Dispatcher) wire.Match { return wire.Yes }

func (p protocol) Serve(ctx context.Context, x wire.Exchange, _ wire.Dispatcher) { p(ctx, x) }

// peer is the other end of a connection, which speaks in frames.
type peer struct {
	t       testing.TB
	conn    *mem.Conn
	encoder *hpack.Encoder
	encoded bytes.Buffer
	decoder *hpack.Decoder
	logged  *logBuffer
	ended   chan error // what the connection under test ended with
	server  *conn      // under test, if it is one
}

func newPeer(t testing.TB, conn *mem.Conn) *peer {
	p := &peer{t: t, conn: conn, logged: new(logBuffer), ended: make(chan error, 1)}
	p.encoder = hpack.NewEncoder(&p.encoded)
	p.decoder = hpack.NewDecoder(4096, nil)
	return p
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serveRaw serves a connection by serve and returns the client's end, after the
// handshake.
func serveRaw(t testing.TB, limits wire.Limits, serve protocol) *peer {
	t.Helper()
	p, _ := startServer(t, limits, serve)
	p.send(preface)
	p.frame(frameSettings, 0, 0, nil)
	f := p.next()
	assert.Equal(t, f.typ, frameSettings)
	p.frame(frameSettings, flagAck, 0, nil)
	return p
}

// startServer is serveRaw before the handshake. drain drains the connection.
func startServer(t testing.TB, limits wire.Limits, serve protocol) (p *peer, drain func()) {
	near, far := mem.Pipe()
	p = newPeer(t, near)
	server := &Server{Route: func(*wire.HTTPRequest, wire.Dispatcher) wire.HTTPProtocol { return serve }}
	draining := make(chan struct{})
	c := server.start(context.Background(), &wire.Conn{
		Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: limits.WithDefaults(),
		Logger: slog.New(slog.NewTextHandler(p.logged, &slog.HandlerOptions{Level: slog.LevelDebug})), Draining: draining,
	}, nil, func(err error) { p.ended <- err })
	t.Cleanup(func() {
		near.Close()
		<-p.ended
	})
	p.server = c
	return p, func() { close(draining); c.drain() }
}

// dialRaw connects a client to the peer that it returns, after the handshake
// with the settings, pairs of id and value.
func dialRaw(t testing.TB, limits wire.Limits, settings ...uint32) (*Transport, *peer) {
	t.Helper()
	near, far := mem.Pipe()
	p := newPeer(t, far)
	p.frame(frameSettings, 0, 0, settingsPayload(settings...))
	transport, err := Dial(context.Background(), &wire.Remote{
		Address: "server", Authority: "server", Limits: limits,
		Logger: slog.New(slog.NewTextHandler(p.logged, nil)),
		Dial:   func(context.Context, string, string) (net.Conn, error) { return near, nil },
	})
	assert.NoError(t, err)
	hello := make([]byte, len(preface))
	_, err = io.ReadFull(far, hello)
	assert.NoError(t, err)
	assert.Equal(t, string(hello), preface)
	assert.Equal(t, p.next().typ, frameSettings)
	t.Cleanup(func() {
		far.Close()
		transport.Close(nil)
	})
	return transport, p
}

func settingsPayload(settings ...uint32) (b []byte) {
	for i := 0; i < len(settings); i += 2 {
		b = appendSetting(b, uint16(settings[i]), settings[i+1])
	}
	return b
}

// send sends bytes. That the connection has ended is no error.
func (p *peer) send(b string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(b)); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		p.t.Logf("write: %v", err)
	}
}

func (p *peer) frame(t frameType, fl flags, stream uint32, payload []byte) {
	p.t.Helper()
	p.send(string(append(appendHead(nil, len(payload), t, fl, stream), payload...)))
}

// block encodes fields, given as "name: value".
func (p *peer) block(fields ...string) []byte {
	p.encoded.Reset()
	for _, f := range fields {
		at := strings.Index(f[1:], ":") + 1
		p.encoder.WriteField(hpack.HeaderField{Name: f[:at], Value: strings.TrimPrefix(f[at+1:], " ")})
	}
	return bytes.Clone(p.encoded.Bytes())
}

// requestFields are those of a request, with more.
func requestFields(method string, more ...string) []string {
	return append([]string{":method: " + method, ":scheme: http", ":path: /", ":authority: here"}, more...)
}

// get sends a request without a body.
func (p *peer) get(stream uint32, more ...string) {
	p.t.Helper()
	p.frame(frameHeaders, flagEndHeaders|flagEndStream, stream, p.block(requestFields("GET", more...)...))
}

// post begins a request with a body.
func (p *peer) post(stream uint32, more ...string) {
	p.t.Helper()
	p.frame(frameHeaders, flagEndHeaders, stream, p.block(requestFields("POST", more...)...))
}

func (p *peer) data(stream uint32, data string, end bool) {
	p.t.Helper()
	fl := flags(0)
	if end {
		fl = flagEndStream
	}
	p.frame(frameData, fl, stream, []byte(data))
}

func (p *peer) windowUpdate(stream uint32, n int64) {
	p.t.Helper()
	p.send(string(appendWindowUpdate(nil, stream, n)))
}

// read reads a frame.
func (p *peer) read() (*frame, error) {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(p.conn, head); err != nil {
		return nil, err
	}
	f, length, _ := parseHead(head)
	f.payload = make([]byte, length)
	_, err := io.ReadFull(p.conn, f.payload)
	return &f, err
}

// next reads a frame, but for credit, acknowledgments, and the word that larger
// frames are taken.
func (p *peer) next() *frame {
	p.t.Helper()
	for {
		f, err := p.read()
		if err != nil {
			p.t.Fatalf("the connection has ended: %v; log: %s", err, p.logged)
		}
		if f.typ != frameWindowUpdate && !(f.typ == frameSettings && (f.flags&flagAck != 0 || len(f.payload) == 6)) {
			return f
		}
	}
}

// expect reads the next frame of a stream, which must be of the type.
func (p *peer) expect(t frameType, stream uint32) *frame {
	p.t.Helper()
	f := p.next()
	if f.typ != t || f.stream != stream {
		p.t.Fatalf("a %s frame on stream %d (%q), want %s on %d; log: %s", f.typ, f.stream, f.payload, t, stream, p.logged)
	}
	return f
}

// credit reads until credit for a stream comes, and returns it.
func (p *peer) credit(stream uint32) int64 {
	p.t.Helper()
	for {
		f, err := p.read()
		assert.NoError(p.t, err)
		if f.typ == frameWindowUpdate && f.stream == stream {
			return int64(binary.BigEndian.Uint32(f.payload))
		}
	}
}

// fields decodes a header block.
func (p *peer) fields(f *frame) map[string]string {
	p.t.Helper()
	list, err := p.decoder.DecodeFull(f.payload)
	assert.NoError(p.t, err)
	m := make(map[string]string)
	for _, f := range list {
		m[f.Name] = f.Value
	}
	return m
}

// reset reads an RST_STREAM frame and returns its code.
func (p *peer) reset(stream uint32) errCode {
	p.t.Helper()
	return errCode(binary.BigEndian.Uint32(p.expect(frameReset, stream).payload))
}

// goAway reads up to a GOAWAY frame and returns its last stream and code.
func (p *peer) goAway() (uint32, errCode) {
	p.t.Helper()
	for {
		if f := p.next(); f.typ == frameGoAway {
			return binary.BigEndian.Uint32(f.payload), errCode(binary.BigEndian.Uint32(f.payload[4:]))
		}
	}
}

// closed checks that the connection ends, reading what is left.
func (p *peer) closed() {
	p.t.Helper()
	for {
		if _, err := p.read(); err != nil {
			return
		}
	}
}

// body reads DATA frames up to the end of the stream and returns their bytes.
func (p *peer) body(stream uint32) string {
	p.t.Helper()
	var b strings.Builder
	for {
		f := p.expect(frameData, stream)
		b.Write(f.payload)
		if f.flags&flagEndStream != 0 {
			return b.String()
		}
	}
}

// alive checks that the connection answers a PING.
func (p *peer) alive() {
	p.t.Helper()
	p.frame(framePing, 0, 0, []byte("are you?"))
	for {
		if f := p.next(); f.typ == framePing && f.flags&flagAck != 0 {
			assert.Equal(p.t, string(f.payload), "are you?")
			return
		}
	}
}

// answers is a protocol that reads the body and says how long it was.
func answers(ctx context.Context, x wire.Exchange) {
	n, err := readAll(ctx, x)
	if err != nil {
		x.Reset(err)
		return
	}
	x.Respond(200, wire.Fields{{Name: "content-type", Value: "text/plain"}})
	x.End([]byte(strconv.Itoa(len(n))), nil)
}

// waits is a protocol that waits for the end of the exchange.
func waits(ctx context.Context, x wire.Exchange) { <-ctx.Done() }

func readAll(ctx context.Context, x interface {
	Read(context.Context, []byte) (int, error)
}) (string, error) {
	var b strings.Builder
	buf := make([]byte, 10_000)
	for {
		n, err := x.Read(ctx, buf)
		b.Write(buf[:n])
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
	}
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }
