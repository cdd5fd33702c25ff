// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// calls is what a client sends that calls a method with each body.
func calls(t testing.TB, method string, bodies ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := gob.NewEncoder(&b)
	for i, body := range bodies {
		assert.NoError(t, enc.Encode(&rpc.Request{ServiceMethod: method, Seq: uint64(i)}))
		assert.NoError(t, enc.Encode(body))
	}
	return b.Bytes()
}

// answers reads what the server sends until it closes the connection: the
// errors by the calls' numbers.
func answers(t testing.TB, r io.Reader) map[uint64]string {
	t.Helper()
	got := make(map[uint64]string)
	dec := gob.NewDecoder(r)
	for {
		var h rpc.Response
		if err := dec.Decode(&h); err != nil {
			return got
		}
		assert.NoError(t, dec.DecodeValue(reflect.Value{}))
		got[h.Seq] = h.Error
	}
}

func TestHostileRequests(t *testing.T) {
	good := func(t *testing.T) []byte { return calls(t, "Test.Do", "a", "b") }
	// A map of 2^40 entries: type 1000 is map[string]int.
	bomb := []byte{
		0x0f, 0xfe, 0x07, 0xcf, 4, 1, 2, 0xff, 0x82, 0, 1, 12, 1, 4, 0, 0,
		0x0b, 0xfe, 0x07, 0xd0, 0, 0xfa, 1, 0, 0, 0, 0, 0,
	}
	for name, test := range map[string]struct {
		stream func(t *testing.T) []byte
		want   map[uint64]string // parts of errors
		log    string
	}{
		"half a call": {
			func(t *testing.T) []byte { b := good(t); return b[:len(b)-2] },
			map[uint64]string{0: ""}, "unexpected EOF",
		},
		"a number in flight already": {
			func(t *testing.T) []byte {
				var b bytes.Buffer
				enc := gob.NewEncoder(&b)
				for range 2 {
					assert.NoError(t, enc.Encode(&rpc.Request{ServiceMethod: "Test.Wait", Seq: 7}))
					assert.NoError(t, enc.Encode("x"))
				}
				return b.Bytes()
			},
			map[uint64]string{7: "nonsense"}, "call 7 of Test.Wait begins while another call 7 is in flight",
		},
		"a bomb for a body": {
			func(t *testing.T) []byte {
				b := calls(t, "Test.Do", "a")
				var header bytes.Buffer
				enc := gob.NewEncoder(&header)
				assert.NoError(t, enc.Encode(&rpc.Request{ServiceMethod: "Test.Do", Seq: 1}))
				return append(append(header.Bytes(), bomb...), b[len(b)-5:]...)
			},
			map[uint64]string{1: "1099511627776 items"}, "",
		},
		"a value for a header": {
			func(t *testing.T) []byte {
				b := good(t)
				return append(b, 3, 4, 0, 6)
			},
			map[uint64]string{0: "", 1: ""}, "a value where the header of a call is due",
		},
		"a header that is too long": {
			func(t *testing.T) []byte { return calls(t, strings.Repeat("x", 100_000), "a") },
			nil, "more than the 16384",
		},
		"no method": {
			func(t *testing.T) []byte { return calls(t, "", "a", "b") },
			map[uint64]string{0: "unknown", 1: "unknown"}, "",
		},
		"garbage after calls": {
			func(t *testing.T) []byte { return append(good(t), 0x90, 0x90) },
			map[uint64]string{0: "", 1: ""}, "integer of more than 8 bytes",
		},
		"an exabyte": {
			func(t *testing.T) []byte {
				return append(calls(t, "Test.Do", "a")[:0:0], append(calls(t, "Test.Do", "a")[:len(calls(t, "Test.Do", "a"))-5], 0xf8, 0x10, 0, 0, 0, 0, 0, 0, 0, 12)...)
			},
			map[uint64]string{0: "more than the"}, "more than the",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(t, wire.Limits{}, curlew.NewService("Test",
					curlew.Unary("Do", echo[string]),
					curlew.Unary("Wait", func(ctx context.Context, _ *string) (*string, error) {
						<-ctx.Done()
						return nil, errors.New("nonsense")
					}),
				))
				beside := w.session(wire.Limits{})
				conn := w.dial()
				_, err := conn.Write(test.stream(t))
				assert.NoError(t, err)
				assert.NoError(t, conn.CloseWrite())
				got := answers(t, conn)
				assert.Equal(t, len(got), len(test.want), "answers:", fmt.Sprint(got))
				for seq, text := range test.want {
					assert.Contains(t, got[seq], text)
				}
				conn.Close()
				out := ""
				assert.NoError(t, ours(t, beside)("Test.Do", "still there", &out), "others go on")
				synctest.Wait()
				assert.Contains(t, w.log.String(), test.log)
			})
		})
	}
}

// TestClientThatStops: the first request must come in time.
func TestClientThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, wire.Limits{Handshake: 3 * time.Second}, unary(echo[string]))
		whole := calls(t, "Test.Do", "a")
		begin := time.Now()
		conn := w.dial()
		_, err := conn.Write(whole[:len(whole)-1])
		assert.NoError(t, err)
		_, err = conn.Read(make([]byte, 1))
		assert.True(t, err != nil, "the connection ends")
		assert.Equal(t, time.Since(begin), 3*time.Second)
		conn.Close()

		conn = w.dial()
		_, err = conn.Write(whole)
		assert.NoError(t, err)
		<-time.After(time.Hour) // after its first request a client may be silent
		s := calls(t, "Test.Do", "a", "b")
		_, err = conn.Write(s[len(whole):])
		assert.NoError(t, err)
		assert.NoError(t, conn.CloseWrite())
		assert.Equal(t, len(answers(t, conn)), 2)
		conn.Close()
	})
}

// TestClientThatNeverReads holds no more than its calls in flight.
func TestClientThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, wire.Limits{MaxStreams: 10}, unary(func(_ context.Context, n *int) (*string, error) {
			s := strings.Repeat("x", *n)
			return &s, nil
		}))
		conn := w.dial()
		bodies := make([]any, 1000)
		for i := range bodies {
			bodies[i] = 100_000
		}
		go func() { _, _ = conn.Write(calls(t, "Test.Do", bodies...)) }()
		synctest.Wait()
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		assert.True(t, after.HeapAlloc < 100<<20, "the heap has", after.HeapAlloc)
		out := ""
		assert.NoError(t, ours(t, w.session(wire.Limits{}))("Test.Do", 5, &out))
		conn.Close()
	})
}

// TestHostileAnswers: what a server sends that is not to be trusted.
func TestHostileAnswers(t *testing.T) {
	answer := func(values ...any) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			var b bytes.Buffer
			enc := gob.NewEncoder(&b)
			for _, v := range values {
				assert.NoError(t, enc.Encode(v))
			}
			return b.Bytes()
		}
	}
	type Response struct {
		Seq   uint64
		Error string
	}
	for name, test := range map[string]struct {
		stream func(t *testing.T) []byte
		code   curlew.Code
		want   string
	}{
		"nothing":                      {answer(), curlew.Unavailable, "closed by the server"},
		"no header":                    {answer(5), curlew.Unavailable, "header of a call"},
		"no body":                      {answer(&Response{Seq: 1}), curlew.Unavailable, "unexpected EOF"},
		"somebody else's answer":       {answer(&Response{Seq: 9}, "x"), curlew.Unavailable, "closed by the server"},
		"an answer and then garbage":   {func(t *testing.T) []byte { return append(answer(&Response{Seq: 9}, "x")(t), 0x90) }, curlew.Unavailable, "more than 8 bytes"},
		"another type":                 {answer(&Response{Seq: 1}, 5), curlew.Internal, "reply"},
		"an error":                     {answer(&Response{Seq: 1, Error: "no"}, 5), curlew.Unknown, "no"},
		"an interface value":           {answer(&Response{Seq: 1}, &struct{ V any }{5}), curlew.Internal, "interface value"},
		"an interface value of a type": {answer(&Response{Seq: 1}, &struct{ V []any }{[]any{"x"}}), curlew.Internal, "interface value"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := mem.Pipe()
				s := connect(t, netrpc.New(), &wire.Remote{Address: "somewhere", Dial: dialer(near)})
				go func() {
					_, _ = far.Read(make([]byte, 1000))
					_, _ = far.Write(test.stream(t))
					far.CloseWrite()
				}()
				_, err := invoke(t.Context(), s, "x")
				e := assert.ErrorAs[*curlew.Error](t, err)
				assert.Equal(t, e.Code(), test.code, e)
				assert.Contains(t, e.Message(), test.want)
			})
		})
	}
}

// fuzzed is a service for a server that is fed with anything.
func fuzzed(t testing.TB) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	assert.NoError(t, d.Register(append(reflected(t, Arith{}, Echo{}), messages(), unary(echo[Bag]))...))
	t.Cleanup(func() { assert.NoError(t, d.Shutdown(context.Background())) })
	return d
}

// FuzzServer feeds a server with bytes: it must end, and hold nothing.
func FuzzServer(f *testing.F) {
	f.Add(calls(f, "Arith.Multiply", &Args{7, 8}, &Args{1, 2}))
	f.Add(calls(f, "Echo.Everything", everything()))
	f.Add(calls(f, "Test.Do", &Bag{Mood: &moody{"panic to arrive"}}, &Bag{Mood: &moody{"fail to arrive"}}))
	f.Add(calls(f, "Arith.Nothing", 5, "x"))
	d := fuzzed(f)
	f.Fuzz(func(t *testing.T, stream []byte) {
		near, far := mem.Pipe()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			_, _ = io.Copy(io.Discard, near)
		}()
		go func() {
			_, _ = near.Write(stream)
			_ = near.CloseWrite()
		}()
		_ = netrpc.New().Serve(t.Context(), &wire.Conn{
			Raw: far, Peer: new(curlew.Peer), Logger: slog.New(slog.DiscardHandler),
			Limits: wire.Limits{MaxReceive: 10_000, MaxStreams: 4, MaxBuffered: 50_000}.WithDefaults(),
		}, d)
		<-drained
		near.Close()
	})
}

// FuzzClient feeds a client with answers.
func FuzzClient(f *testing.F) {
	var b bytes.Buffer
	enc := gob.NewEncoder(&b)
	for _, v := range []any{&rpc.Response{ServiceMethod: "Test.Do", Seq: 1}, everything(), &rpc.Response{Seq: 2, Error: "no"}, struct{}{}} {
		assert.NoError(f, enc.Encode(v))
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, stream []byte) {
		near, far := mem.Pipe()
		s, err := netrpc.New().Connect(t.Context(), &wire.Remote{
			Address: "somewhere", Dial: dialer(near), Limits: wire.Limits{MaxReceive: 10_000, MaxBuffered: 50_000},
		})
		assert.NoError(t, err)
		go func() {
			_, _ = far.Read(make([]byte, 1))
			_, _ = far.Write(stream)
			_ = far.CloseWrite()
		}()
		c := wire.NewCaller(s)
		for _, reply := range []any{new(Everything), new(Bag)} {
			_ = c.Invoke(t.Context(), do[Everything, Everything](), everything(), reply)
		}
		far.Close()
		s.Close(nil)
	})
}
