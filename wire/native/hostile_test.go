// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// idle is a dispatcher of one method of each kind whose handlers wait for
// their context to end.
type idle struct{ begun chan *wire.Incoming }

func (d *idle) Lookup(service, method string, _ wire.Attributes) (*wire.Target, error) {
	kinds := map[string]curlew.Kind{"Unary": curlew.KindUnary, "Up": curlew.KindClientStream, "Down": curlew.KindServerStream, "Bidi": curlew.KindBidi}
	kind, ok := kinds[method]
	if !ok {
		return nil, curlew.Errorf(curlew.Unimplemented, "unknown method %s/%s", service, method)
	}
	return &wire.Target{Method: curlew.NewMethod(service+"/"+method, kind)}, nil
}

func (d *idle) Go(in *wire.Incoming) {
	in.Call.BeginServer(in.HandlerContext(), in.Target.Method, &in.Header, in.Peer, in.Stream)
	select {
	case d.begun <- in:
	default:
	}
	go d.Serve(in)
}

func (d *idle) Serve(in *wire.Incoming) {
	<-in.HandlerContext().Done()
	in.Stream.Finish(nil, curlew.NewError(curlew.Canceled, "over"))
}

// serveRaw serves one end of a pipe and returns the other, and a channel that
// gets Serve's error.
func serveRaw(limits wire.Limits) (*mem.Conn, *idle, chan error) {
	near, far := mem.Pipe()
	d := &idle{begun: make(chan *wire.Incoming, 16)}
	served := make(chan error, 1)
	go func() {
		served <- New().Serve(context.Background(), &wire.Conn{
			Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: limits.WithDefaults(),
			Logger: slog.New(slog.DiscardHandler), Draining: make(chan struct{}),
		}, d)
	}()
	return near, d, served
}

// hello is how a well-behaved client begins.
func hello() []byte {
	s := defaultSettings()
	s.maxStreams = 0
	return appendHello([]byte(magic), s)
}

// rawFrame is a frame with any content.
func rawFrame(t frameType, fl flags, stream uint64, payload ...byte) []byte {
	b, start := beginFrame(nil, t, fl, stream)
	return endFrame(append(b, payload...), start)
}

// call is a CALL frame that defines method id.
func call(stream, id uint64, name string, kind curlew.Kind, fl flags, message ...byte) []byte {
	p := appendUvarint(nil, id)
	p = appendString(p, name)
	p = append(p, byte(kind), 0, 0, 0)
	return rawFrame(frameCall, fl, stream, append(p, message...)...)
}

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func TestHostileInput(t *testing.T) {
	unary := call(1, 1, "S/Unary", curlew.KindUnary, flagMessage|flagEnd, 1, 2, 3)
	up := call(1, 1, "S/Up", curlew.KindClientStream, 0)
	for _, test := range []struct {
		name  string
		input []byte
		want  string // in the reason that the server gives
	}{
		{"garbage", []byte("GET / HTTP/1.1\r\n\r\n"), "does not speak"},
		{"wrong magic", []byte("\xc7URLEX\r\n"), "does not speak"},
		{"frame before HELLO", join([]byte(magic), unary), "before HELLO"},
		{"second HELLO", join(hello(), hello()[len(magic):]), "second HELLO"},
		{"unknown version", join([]byte(magic), rawFrame(frameHello, 0, 0, 99)), "version 99"},
		{"small window", join([]byte(magic), rawFrame(frameHello, 0, 0, 1, settingStreamWindow, 1)), "below"},
		{"unknown frame type", join(hello(), []byte{0x0d, 0, 0}), "unknown frame type 13"},
		{"frame type 0", join(hello(), []byte{0, 0, 0}), "unknown frame type 0"},
		{"oversized frame", join(hello(), appendUvarint([]byte{byte(frameData), 1}, maxInt)), "more than the"},
		{"integer of 9 bytes", join(hello(), []byte{byte(frameData), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), "2^53"},
		{"integer above 2^53", join(hello(), []byte{byte(frameData), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}), "2^53"},
		{"reused stream id", join(hello(), unary, rawFrame(frameCall, flagMessage|flagEnd, 1, 1, 0)), "after 1"},
		{"falling stream id", join(hello(), call(5, 1, "S/Unary", 0, flagEnd|flagMessage), call(3, 2, "S/Unary", 0, flagEnd|flagMessage)), "after 5"},
		{"even stream id", join(hello(), call(2, 1, "S/Unary", 0, flagEnd)), "of this side"},
		{"stream id 0", join(hello(), call(0, 1, "S/Unary", 0, flagEnd)), "of this side"},
		{"undefined method", join(hello(), rawFrame(frameCall, flagEnd, 1, 7, 0)), "method 7 is not defined"},
		{"undefined header name", join(hello(), rawFrame(frameCall, flagEnd, 1, append(appendString([]byte{1}, "S/Unary"), 0, 0, 0, callHeader, 1, 200, 1, 0)...)), "header name 200"},
		{"header count", join(hello(), rawFrame(frameCall, flagEnd, 1, append(appendString([]byte{1}, "S/Unary"), 0, 0, 0, callHeader, 0xff, 0xff, 0x7f)...)), "fields"},
		{"short CALL", join(hello(), rawFrame(frameCall, flagEnd, 1, 1, 200)), "too soon"},
		{"message without its flag", join(hello(), call(1, 1, "S/Unary", 0, flagEnd, 1)), "too many"},
		{"DATA of an unopened stream", join(hello(), rawFrame(frameData, flagMessage, 9)), "never opened"},
		{"DATA on stream 0", join(hello(), rawFrame(frameData, flagMessage, 0)), "never opened"},
		{"STATUS from the caller", join(hello(), up, rawFrame(frameStatus, flagEnd, 1, 0)), "from the side that called"},
		{"DATA after the end", join(hello(), up, rawFrame(frameData, flagEnd, 1), rawFrame(frameData, flagMessage, 1, 1)), "after its end"},
		{"DATA with nothing", join(hello(), up, rawFrame(frameData, 0, 1)), "neither a message nor an end"},
		{"end inside a message", join(hello(), up, rawFrame(frameData, flagMessage|flagMore, 1, 100, 1), rawFrame(frameData, flagEnd, 1)), "inside a message"},
		{"message longer than announced", join(hello(), up, rawFrame(frameData, flagMessage|flagMore, 1, 2, 1), rawFrame(frameData, flagMessage, 1, 1, 1)), "longer than"},
		{"message shorter than announced", join(hello(), up, rawFrame(frameData, flagMessage|flagMore, 1, 9, 1), rawFrame(frameData, flagMessage, 1, 1)), "ends after"},
		{"stream credit overflow", join(hello(), up, appendControl(nil, frameCredit, 1, maxInt)), "overflows"},
		{"connection credit overflow", join(hello(), appendControl(nil, frameCredit, 0, maxInt)), "overflows"},
		{"CREDIT of an unopened stream", join(hello(), appendControl(nil, frameCredit, 77, 1)), "never opened"},
		{"beyond the stream's credit", join(hello(), up, rawFrame(frameData, flagMessage, 1, make([]byte, 60<<10)...), rawFrame(frameData, flagMessage, 1, make([]byte, 60<<10)...)), "beyond the credit"},
		{"ping flood", join(hello(), []byte(strings.Repeat(string(appendControl(nil, framePing, 0, 1)), 100))), "too many PINGs"},
		{"DESCRIPTOR of nothing", join(hello(), rawFrame(frameDescriptor, 0, 0, 1, 0, 0)), "not defined"},
		{"bytes after CREDIT", join(hello(), rawFrame(frameCredit, 0, 0, 1, 1)), "too many"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, _, served := serveRaw(wire.Limits{})
				go near.Write(test.input)
				answer, _ := io.ReadAll(near)
				near.Close()
				err := <-served
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("the server ended with %v, want %q in it", err, test.want)
				}
				if !strings.Contains(string(answer), test.want) && !strings.Contains(test.want, "does not speak") {
					t.Errorf("the server's CLOSE does not tell the peer %q: %q", test.want, answer)
				}
			})
		})
	}
}

func TestSilentClient(t *testing.T) {
	for _, sent := range []string{"", magic, string(hello()[:len(magic)+2])} {
		synctest.Test(t, func(t *testing.T) {
			near, _, served := serveRaw(wire.Limits{Handshake: 5 * time.Second})
			near.Write([]byte(sent))
			start := time.Now()
			if err := <-served; err == nil || time.Since(start) != 5*time.Second {
				t.Errorf("a client that stops after %q was dropped after %v with %v", sent, time.Since(start), err)
			}
		})
	}
}

func TestManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, d, served := serveRaw(wire.Limits{MaxStreams: 2})
		input := join(hello(), call(1, 1, "S/Unary", 0, flagMessage|flagEnd))
		for id := uint64(3); id <= 9; id += 2 {
			input = append(input, rawFrame(frameCall, flagMessage|flagEnd, id, 1, 0)...)
		}
		near.Write(input)
		synctest.Wait()
		if n := len(d.begun); n != 2 {
			t.Errorf("%d calls run, want 2", n)
		}
		p := make([]byte, 4096)
		n, _ := near.Read(p)
		if got := strings.Count(string(p[:n]), "more than 2 calls"); got != 3 {
			t.Errorf("%d calls refused, want 3", got)
		}
		near.Close()
		<-served
	})
}

func TestLiarAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, d, served := serveRaw(wire.Limits{})
		p := appendUvarint(nil, 4<<20) // announced, never sent
		near.Write(join(hello(), call(1, 1, "S/Up", curlew.KindClientStream, 0), rawFrame(frameData, flagMessage|flagMore, 1, append(p, 1)...)))
		synctest.Wait()
		in := <-d.begun
		if s := in.Stream.(*serverStream); cap(s.partial.buf.B) > 1<<10 {
			t.Errorf("%d bytes allocated for one byte of an announced 4 MiB", cap(s.partial.buf.B))
		}
		near.Close()
		<-served
	})
}

// FuzzServer feeds a server with anything after a handshake: it must neither
// panic nor hang.
func FuzzServer(f *testing.F) {
	f.Add(call(1, 1, "S/Unary", 0, flagMessage|flagEnd, 1, 2, 3))
	f.Add(join(call(1, 1, "S/Up", 1, 0), rawFrame(frameData, flagMessage|flagMore, 1, 100, 1), appendControl(nil, frameCredit, 1, 100)))
	f.Add(join(call(1, 1, "S/Bidi", 3, 0), rawFrame(frameCancel, 0, 1, 1, 0), appendControl(nil, framePing, 0, 1), appendControl(nil, frameDrain, 0, 1, 0)))
	f.Fuzz(func(t *testing.T, input []byte) {
		synctest.Test(t, func(t *testing.T) {
			near, _, served := serveRaw(wire.Limits{MaxStreams: 4, MaxReceive: 1 << 16, Handshake: time.Second})
			go func() {
				near.Write(hello())
				near.Write(input)
				near.CloseWrite()
			}()
			io.Copy(io.Discard, near)
			near.Close()
			<-served
		})
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(rawFrame(frameData, flagMessage, 1, 1, 2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, n, err := parseFrame(b)
		if err != nil || n == 0 {
			return
		}
		again, start := beginFrame(nil, v.typ, v.flags, v.stream)
		again = endFrame(append(again, v.payload...), start)
		w, _, err := parseFrame(again)
		if err != nil || w.typ != v.typ || w.flags != v.flags || w.stream != v.stream || string(w.payload) != string(v.payload) {
			t.Errorf("frame %v written again is %v, %v", v, w, err)
		}
	})
}
