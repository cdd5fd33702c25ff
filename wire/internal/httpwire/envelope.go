// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/curlewrpc/curlew/internal/bufpool"
)

// EnvelopeSize is the size of what stands before a message: flags, and its
// length in four bytes (gRPC over HTTP/2, "Length-Prefixed-Message"; Connect,
// "Enveloped-Message").
const EnvelopeSize = 5

// The flags of an envelope.
const (
	FlagCompressed = 1    // the message is compressed by the encoding that the head names
	FlagEndStream  = 2    // Connect: the end of the stream, as JSON
	FlagTrailer    = 0x80 // gRPC-Web: the trailers, as HTTP/1 writes them
)

// AppendEnvelopeHead appends room for a head; SetEnvelopeHead fills it in.
func AppendEnvelopeHead(b []byte) []byte { return append(b, 0, 0, 0, 0, 0) }

// SetEnvelopeHead fills in the head at b[at:] for the message that begins after
// it and ends with b.
func SetEnvelopeHead(b []byte, at int, flags byte) {
	b[at] = flags
	binary.BigEndian.PutUint32(b[at+1:], uint32(len(b)-at-EnvelopeSize))
}

const (
	// readAhead is how much is read at once where the length of what comes next
	// is not known.
	readAhead = 2 << 10
	// growth is how many times as large as what has come of a message the buffer
	// for it is at most: a length is a stranger's word.
	growth = 8
	// endRoom is what the end of a response may take, whatever the limit on
	// messages.
	endRoom = 64 << 10
)

// EnvelopeReader takes the messages out of a body. The zero value is ready. One
// goroutine may use it at a time.
type EnvelopeReader struct {
	// EndFlag is that of envelopes which hold no message but the end of the body.
	EndFlag byte
	// Lends says that a message is the caller's only until the next Next or Free.
	// That spares a copy of small ones.
	Lends bool

	begun   bool         // a message has begun
	flags   byte         // of message
	ahead   *bufpool.Buf // ahead.B[at:] is read but not taken; may be nil
	at      int
	message *bufpool.Buf // what there is of the message; nil while the body has it
	lent    bufpool.Buf  // a message that is a part of ahead
	size    int          // of message, once it is complete
	err     error        // what every further Next returns
}

// Next returns the next message with the flags of its envelope; the buffer is
// the caller's. It returns io.EOF at the end of the body. An end inside a message
// is an error that wraps io.ErrUnexpectedEOF; a message above limit is a TooLarge
// error, before anything is allocated for it. These errors, and the body's own,
// are final; but a Next that ctx has ended may be tried again.
func (r *EnvelopeReader) Next(ctx context.Context, body Body, limit int) (flags byte, message *bufpool.Buf, err error) {
	if r.err != nil {
		return 0, nil, r.err
	}
	if !r.begun {
		if err := r.begin(ctx, body, limit); err != nil {
			return 0, nil, r.failed(ctx, err)
		}
	}
	for r.message == nil || len(r.message.B) < r.size {
		if err := r.fill(ctx, body); err != nil {
			return 0, nil, r.failed(ctx, err)
		}
	}
	message, r.message, r.begun = r.message, nil, false
	return r.flags, message, nil
}

// Free releases what the reader holds. Every further Next returns err.
func (r *EnvelopeReader) Free(err error) {
	if r.err == nil {
		r.err = err
	}
	if r.ahead != nil {
		r.ahead.Free()
		r.ahead = nil
	}
	if r.message != nil {
		r.message.Free()
		r.message = nil
	}
}

// failed keeps a final error, and returns it.
func (r *EnvelopeReader) failed(ctx context.Context, err error) error {
	if ctx.Err() == nil || err == io.EOF {
		r.Free(err)
	}
	return err
}

// begin reads the head of a message and takes what has come of it.
func (r *EnvelopeReader) begin(ctx context.Context, body Body, limit int) error {
	if err := r.lookAhead(ctx, body); err != nil {
		return err
	}
	head := r.ahead.B[r.at:]
	size := binary.BigEndian.Uint32(head[1:])
	if head[0]&r.EndFlag != 0 {
		limit = max(limit, endRoom)
	}
	if uint64(size) > uint64(limit) {
		return TooLarge(strconv.FormatUint(uint64(size), 10), limit, false)
	}
	r.begun, r.flags, r.size = true, head[0], int(size)
	came := head[EnvelopeSize:min(len(head), EnvelopeSize+r.size)]
	if len(head) == EnvelopeSize+len(came) {
		// There is nothing behind it, so the buffer itself is handed on.
		r.ahead.B = came
		r.message, r.ahead = r.ahead, nil
		return nil
	}
	// It is there as a whole.
	r.at += EnvelopeSize + len(came)
	if r.Lends {
		r.lent = bufpool.Buf{B: came[:r.size:r.size]}
		r.message = &r.lent
		return nil
	}
	r.message = bufpool.Get(r.size)
	copy(r.message.B, came)
	return nil
}

// lookAhead reads until there is a head in ahead. io.EOF is the end of the body
// between messages.
func (r *EnvelopeReader) lookAhead(ctx context.Context, body Body) error {
	if r.ahead != nil && r.at == len(r.ahead.B) {
		r.ahead.Free()
		r.ahead = nil
	}
	if r.ahead == nil {
		r.at = 0
		if g, ok := body.(Gatherer); ok {
			var err error
			if r.ahead, err = g.TakeChunk(ctx); err != nil {
				return err
			}
		} else {
			r.ahead = bufpool.Get(readAhead)
			r.ahead.B = r.ahead.B[:0]
		}
	}
	for len(r.ahead.B)-r.at < EnvelopeSize {
		if r.at > 0 {
			r.ahead.B, r.at = r.ahead.B[:copy(r.ahead.B, r.ahead.B[r.at:])], 0
		}
		r.ahead.Grow(EnvelopeSize)
		n, err := body.Read(ctx, r.ahead.B[len(r.ahead.B):cap(r.ahead.B)])
		r.ahead.B = r.ahead.B[:len(r.ahead.B)+n]
		switch {
		case n > 0 || err == nil: // an error comes again
		case err == io.EOF && len(r.ahead.B) > 0:
			return fmt.Errorf("the body ends inside the head of a message: %w", io.ErrUnexpectedEOF)
		default:
			return err
		}
	}
	return nil
}

// fill reads more of the message, and nothing beyond it.
func (r *EnvelopeReader) fill(ctx context.Context, body Body) error {
	if g, ok := body.(Gatherer); ok {
		var err error
		if r.message, err = g.Gather(ctx, r.message, r.size); err == io.EOF {
			return r.cutOff()
		}
		return err
	}
	have := len(r.message.B)
	if room := cap(r.message.B); room < r.size && have >= room/2 {
		r.message.Grow(min(r.size-have, max(firstRead, (growth-1)*have)))
	}
	n, err := body.Read(ctx, r.message.B[have:min(r.size, cap(r.message.B))])
	r.message.B = r.message.B[:have+n]
	switch {
	case n > 0 || err == nil:
		return nil
	case err == io.EOF:
		return r.cutOff()
	}
	return err
}

// cutOff is the error of a body that ends too early.
func (r *EnvelopeReader) cutOff() error {
	return fmt.Errorf("the body ends inside a message, after %d of its %d bytes: %w", len(r.message.B), r.size, io.ErrUnexpectedEOF)
}
