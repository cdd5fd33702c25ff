// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
)

// ahead reads a request's body before anybody wants it, as far as there is room.
// So a client that goes away is noticed while the call does something else:
// net/http looks for that after the end of the body, and not before.
type ahead struct {
	x    *exchange
	came chan struct{} // has a token if there is something new to take
	room chan struct{} // has a token if there may be room, or no need for any
	done chan struct{} // closed when the body is left alone

	mu    sync.Mutex // guards the rest
	bytes []byte     // read and not taken
	err   error      // after them
	spare int        // once nobody takes any more: how much may still come
	over  bool       // nobody does
}

const (
	aheadPiece = 4 << 10
	aheadMost  = 64 << 10
)

// readAhead begins to read the body of x. exchange.finish waits for its end.
func readAhead(x *exchange) *ahead {
	a := &ahead{x: x, came: make(chan struct{}, 1), room: make(chan struct{}, 1), done: make(chan struct{})}
	go a.run()
	return a
}

func (a *ahead) run() {
	defer close(a.done)
	piece := make([]byte, aheadPiece)
	for a.hasRoom() {
		n, err := a.x.readBody(piece)
		a.mu.Lock()
		if a.over {
			a.spare -= n
		} else {
			a.bytes = append(a.bytes, piece[:n]...)
		}
		a.err = err
		a.mu.Unlock()
		signal(a.came)
		if err != nil {
			if wrong := (*curlew.Error)(nil); err != io.EOF && !errors.As(err, &wrong) {
				a.x.leave(errGone)
			}
			return
		}
	}
}

// hasRoom waits until there is room for a piece. It is false if none is wanted
// any more.
func (a *ahead) hasRoom() bool {
	for {
		a.mu.Lock()
		over, spare, waiting := a.over, a.spare, len(a.bytes)
		a.mu.Unlock()
		switch {
		case over:
			return spare > 0
		case waiting+aheadPiece <= aheadMost:
			return true
		}
		<-a.room
	}
}

// read takes what there is, and waits for it until ctx ends. It may be called
// again then.
func (a *ahead) read(ctx context.Context, p []byte) (int, error) {
	for {
		a.mu.Lock()
		n := copy(p, a.bytes)
		a.bytes = a.bytes[n:]
		if len(a.bytes) == 0 {
			a.bytes = nil
		}
		err := a.err
		a.mu.Unlock()
		switch {
		case n > 0:
			signal(a.room)
			return n, nil
		case err != nil:
			return 0, err
		}
		select {
		case <-a.came:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// finish waits until the body is left alone, at the deadline at the latest, and
// reports whether it has been read to its end in time, all but at most so many
// bytes that nobody takes.
func (a *ahead) finish(spare int, deadline time.Time) (atEnd bool) {
	a.mu.Lock()
	a.over, a.spare = true, spare-len(a.bytes)
	ended := a.err != nil
	a.mu.Unlock()
	if !ended {
		signal(a.room)
		// Supported, or there were no reading ahead.
		_ = a.x.control.SetReadDeadline(deadline)
		<-a.done
	}
	if a.err != io.EOF {
		return false
	}
	if ended {
		return true
	}
	// From the end on net/http waits for the next request. If it did that with this
	// deadline, and that has passed, it believes that the client is gone, and would
	// say so of the next request.
	_ = a.x.control.SetReadDeadline(time.Time{})
	return time.Now().Before(deadline)
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
