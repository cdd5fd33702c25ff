// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// bodyFunc is a body that a function reads.
type bodyFunc func(ctx context.Context, p []byte) (int, error)

func (f bodyFunc) Read(ctx context.Context, p []byte) (int, error) { return f(ctx, p) }

// inPieces is a body that gives at most n bytes at once, and its end with the
// last of them or by itself.
func inPieces(b []byte, n int, endWithLast bool) bodyFunc {
	r := bytes.NewReader(b)
	return func(_ context.Context, p []byte) (int, error) {
		read, err := r.Read(p[:min(n, len(p))])
		if err == nil && endWithLast && r.Len() == 0 {
			err = io.EOF
		}
		return read, err
	}
}

// envelope returns a message in its envelope.
func envelope(flags byte, message []byte) []byte {
	b := append(httpwire.AppendEnvelopeHead(nil), message...)
	httpwire.SetEnvelopeHead(b, 0, flags)
	return b
}

func TestSetEnvelopeHead(t *testing.T) {
	b := append(httpwire.AppendEnvelopeHead([]byte("before")), "message"...)
	httpwire.SetEnvelopeHead(b, len("before"), httpwire.FlagCompressed)
	assert.Equal(t, string(b), "before\x01\x00\x00\x00\x07message")
}

func TestEnvelopeReader(t *testing.T) {
	sizes := []int{0, 1, 64, 0, 2043, 2044, 5000, 7, 64 << 10, 64<<10 + 1, 1 << 20, 3}
	var body []byte
	var messages [][]byte
	for i, size := range sizes {
		messages = append(messages, bytes.Repeat([]byte{byte(i + 1)}, size))
		body = append(body, envelope(byte(i%2), messages[i])...)
	}
	for _, piece := range []int{1, 2, 5, 69, 1000, 4096, len(body)} {
		for _, endWithLast := range []bool{false, true} {
			if piece < 5 && endWithLast {
				continue
			}
			r := httpwire.EnvelopeReader{Lends: piece%2 == 0}
			from := inPieces(body, piece, endWithLast)
			for i, want := range messages {
				flags, got, err := r.Next(t.Context(), from, 1<<20)
				assert.NoError(t, err, piece, i)
				assert.Equal(t, flags, byte(i%2))
				assert.True(t, bytes.Equal(got.B, want), "message", i, "in pieces of", piece)
				got.Free()
			}
			for range 2 {
				_, _, err := r.Next(t.Context(), from, 1<<20)
				assert.Equal(t, err, io.EOF)
			}
		}
	}
}

// TestEnvelopeReaderReadsAhead: several small messages cost one read, and what
// is read of a large one goes where it stays.
func TestEnvelopeReaderReadsAhead(t *testing.T) {
	small := bytes.Repeat(envelope(0, make([]byte, 64)), 10)
	reads := 0
	from := inPieces(small, len(small), false)
	var r httpwire.EnvelopeReader
	for range 10 {
		_, message, err := r.Next(t.Context(), bodyFunc(func(ctx context.Context, p []byte) (int, error) {
			reads++
			return from(ctx, p)
		}), 100)
		assert.NoError(t, err)
		message.Free()
	}
	assert.Equal(t, reads, 1)
}

func TestEnvelopeReaderLimit(t *testing.T) {
	var r httpwire.EnvelopeReader
	body := append(envelope(0, make([]byte, 10)), 0, 0xff, 0xff, 0xff, 0xff)
	from := inPieces(body, len(body), false)
	_, message, err := r.Next(t.Context(), from, 10)
	assert.NoError(t, err, "as large as the limit")
	message.Free()
	for range 2 {
		_, _, err = r.Next(t.Context(), from, 10)
		assert.Equal(t, curlew.CodeOf(err), curlew.ResourceExhausted)
		assert.Contains(t, err.Error(), "message of 4294967295 bytes is larger than the 10")
	}
}

// TestEnvelopeReaderTrustsNoLength: a length alone makes nobody allocate, and
// what has come not much more than that.
func TestEnvelopeReaderTrustsNoLength(t *testing.T) {
	head := []byte{0, 1 << 4, 0, 0, 0} // 256 MiB
	reads, came := 0, 0
	_, _, err := new(httpwire.EnvelopeReader).Next(t.Context(), bodyFunc(func(_ context.Context, p []byte) (int, error) {
		if reads++; reads == 1 {
			return copy(p, head), nil
		}
		assert.True(t, len(p) <= max(2<<10, 11*came), "room for", len(p), "bytes after", came) // sizes of buffers are rounded up
		if came > 1<<20 {
			return 0, io.EOF
		}
		n := min(len(p), 1000)
		came += n
		return n, nil
	}), 1<<30)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestEnvelopeReaderCut(t *testing.T) {
	body := slices.Concat(envelope(0, []byte("whole")), envelope(0, []byte("cut")))
	for end := 11; end < len(body); end++ {
		var r httpwire.EnvelopeReader
		from := inPieces(body[:end], 4, false)
		_, message, err := r.Next(t.Context(), from, 100)
		assert.NoError(t, err)
		message.Free()
		for range 2 {
			_, _, err = r.Next(t.Context(), from, 100)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF, end)
			assert.Contains(t, err.Error(), "the body ends inside")
		}
	}
}

// TestEnvelopeReaderGoesOn: a Next that its context has ended loses nothing, but
// any other error is final.
func TestEnvelopeReaderGoesOn(t *testing.T) {
	want := bytes.Repeat([]byte("curlew"), 500)
	from := inPieces(envelope(1, want), 700, false)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	turn := 0
	broken := errors.New("broken")
	body := bodyFunc(func(ctx context.Context, p []byte) (int, error) {
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case len(p) == 0:
			return 0, nil
		}
		n, err := from(ctx, p)
		if err == io.EOF {
			err = broken
		}
		return n, err
	})
	var r httpwire.EnvelopeReader
	for turn = range 10 {
		_, _, err := r.Next(ended, body, 1<<20)
		assert.Equal(t, err, context.Canceled, turn)
		once, stop := context.WithCancel(t.Context())
		flags, message, err := r.Next(once, bodyFunc(func(ctx context.Context, p []byte) (int, error) {
			n, err := body(ctx, p)
			stop() // so that the next read ends this Next
			return n, err
		}), 1<<20)
		stop()
		if err == nil {
			assert.Equal(t, flags, byte(1))
			assert.True(t, bytes.Equal(message.B, want), "the message is whole")
			message.Free()
			break
		}
		assert.Equal(t, err, context.Canceled)
	}
	assert.True(t, turn > 1, "it took several turns")
	for range 2 {
		_, _, err := r.Next(t.Context(), body, 1<<20)
		assert.Equal(t, err, broken)
	}
	_, _, err := r.Next(ended, body, 1<<20)
	assert.Equal(t, err, broken)
}

func TestEnvelopeReaderFree(t *testing.T) {
	var r httpwire.EnvelopeReader
	body := inPieces(bytes.Repeat(envelope(0, []byte("x")), 3), 100, false)
	_, message, err := r.Next(t.Context(), body, 10)
	assert.NoError(t, err)
	message.Free()
	over := errors.New("over")
	r.Free(over)
	r.Free(errors.New("twice"))
	_, _, err = r.Next(t.Context(), body, 10)
	assert.Equal(t, err, over)
}

// FuzzEnvelopeReader checks that the messages read are those that were sent, in
// whatever pieces they come.
func FuzzEnvelopeReader(f *testing.F) {
	f.Add([]byte{}, 1)
	f.Add(envelope(1, []byte("curlew")), 3)
	f.Add(append(envelope(0, nil), envelope(2, make([]byte, 3000))...), 100)
	f.Add([]byte{0, 0, 0, 0, 9, 1, 2}, 2)
	f.Add([]byte{0, 255, 255, 255, 255}, 5)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		if piece < 1 {
			return
		}
		var r httpwire.EnvelopeReader
		body := inPieces(b, piece, piece%2 == 0)
		var again []byte
		for {
			flags, message, err := r.Next(t.Context(), body, 1<<16)
			if err != nil {
				if err == io.EOF && !bytes.Equal(again, b) {
					t.Fatalf("%d of %d bytes were read", len(again), len(b))
				}
				break
			}
			again = append(again, envelope(flags, message.B)...)
			message.Free()
		}
		if !bytes.HasPrefix(b, again) {
			t.Fatal("what was read is not what was sent")
		}
	})
}

// ending is a body whose end is known before its last bytes are taken.
type ending struct{ b []byte }

func (e *ending) Read(_ context.Context, p []byte) (int, error) {
	n := copy(p, e.b)
	e.b = e.b[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestEnvelopeHeadAtTheEndOfTheBuffer: the head of a message is the last that
// the buffer had room for.
func TestEnvelopeHeadAtTheEndOfTheBuffer(t *testing.T) {
	for first := range 5000 {
		var b []byte
		for _, size := range []int{first, 5} {
			at := len(b)
			b = append(httpwire.AppendEnvelopeHead(b), make([]byte, size)...)
			httpwire.SetEnvelopeHead(b, at, 0)
		}
		body, r := &ending{b}, new(httpwire.EnvelopeReader)
		for _, size := range []int{first, 5} {
			_, message, err := r.Next(t.Context(), body, 1<<20)
			if err != nil || len(message.B) != size {
				t.Fatalf("messages of %d and 5 bytes: %v", first, err)
			}
			message.Free()
		}
		if _, _, err := r.Next(t.Context(), body, 1<<20); err != io.EOF {
			t.Fatal(err)
		}
	}
}
