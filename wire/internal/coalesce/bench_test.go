// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"context"
	"io"
	"testing"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// null takes all at once.
type null struct{}

func (null) Write(p []byte) (int, error)    { return len(p), nil }
func (null) TryWrite(p []byte) (int, error) { return len(p), nil }

var frame = make([]byte, 100)

func (w *Writer) frame(b *testing.B, when When) {
	if err := w.Lock(context.Background()); err != nil {
		b.Error(err)
		return
	}
	buf := w.Buffer()
	buf.B = append(buf.B, frame...)
	w.Unlock(when)
}

var whens = []struct {
	name string
	when When
}{{"now", Now}, {"gather", Gather}, {"later", Later}, {"held", Held}}

// BenchmarkAppend appends frames to a connection that costs nothing.
func BenchmarkAppend(b *testing.B) {
	for _, test := range whens {
		b.Run(test.name, func(b *testing.B) {
			w := New(null{}, null{}, 0, nil)
			defer w.Close(nil)
			b.ReportAllocs()
			for b.Loop() {
				w.frame(b, test.when)
			}
		})
		b.Run(test.name+"/parallel", func(b *testing.B) {
			w := New(null{}, null{}, 0, nil)
			defer w.Close(nil)
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.frame(b, test.when)
				}
			})
		})
	}
}

// BenchmarkTCP writes frames to a socket whose peer reads all.
func BenchmarkTCP(b *testing.B) {
	for _, test := range whens[:2] {
		b.Run(test.name+"/parallel", func(b *testing.B) {
			onTCP(b, func(w *Writer) {
				b.SetParallelism(32)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						w.frame(b, test.when)
					}
				})
			})
		})
	}
	b.Run("payload", func(b *testing.B) {
		onTCP(b, func(w *Writer) {
			b.SetBytes(64 << 10)
			for b.Loop() {
				p := NewPayload(bufpool.Get(64 << 10))
				if err := w.Lock(context.Background()); err != nil {
					b.Fatal(err)
				}
				buf := w.Buffer()
				buf.B = append(buf.B, frame[:10]...)
				w.AppendPayload(p, 0, 64<<10)
				w.Unlock(Now)
				p.Release()
			}
		})
	})
}

func onTCP(b *testing.B, bench func(*Writer)) {
	pair := socketPairs(b)["tcp"]
	read := make(chan struct{})
	go func() {
		defer close(read)
		io.Copy(io.Discard, struct{ io.Reader }{pair[1]})
	}()
	w := New(pair[0], tryWriter(pair[0]), 0, nil)
	b.ReportAllocs()
	bench(w)
	if err := w.Drain(context.Background()); err != nil {
		b.Error(err)
	}
	pair[0].Close()
	w.Close(nil)
	<-read
}
