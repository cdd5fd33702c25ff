// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

const chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

// TestClientLeavesAConversation: a call learns that its client has gone while
// it does not read, whether it was attached before or after.
func TestClientLeavesAConversation(t *testing.T) {
	for name, later := range map[string]bool{"during the call": false, "before it is attached": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, left, cause := make(chan struct{}), make(chan struct{}), make(chan error, 1)
				p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
					in := &wire.Incoming{Context: ctx}
					if !later {
						x.Attach(in)
					}
					close(began)
					<-left
					if later {
						x.Attach(in)
					}
					<-in.HandlerContext().Done()
					cause <- context.Cause(in.HandlerContext())
					_, err := x.Read(context.Background(), make([]byte, 10))
					assert.NoError(t, err, "what had come")
				}))).dial()
				p.send(chunked + "5\r\nhello\r\n")
				<-began
				p.Close()
				close(left)
				err := <-cause
				assert.ErrorIs(t, err, curlew.Canceled)
				assert.Contains(t, err.Error(), "the client closed its connection")
			})
		})
	}
}

// TestReadAhead: what is read ahead is taken in order; a Read that was given up
// loses nothing; and the connection is fit for the next request.
func TestReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Attach(new(wire.Incoming))
			var got strings.Builder
			buf := make([]byte, 1000)
			waits := 0
			for {
				short, cancel := context.WithTimeout(ctx, time.Second)
				n, err := x.Read(short, buf)
				cancel()
				got.Write(buf[:n])
				if errors.Is(err, context.DeadlineExceeded) {
					waits++
					continue
				}
				if err != nil {
					assert.Equal(t, err, io.EOF)
					assert.True(t, waits > 0)
					_, err = x.Read(ctx, buf)
					assert.Equal(t, err, io.EOF)
					answer(x, 200, got.String())
					return
				}
			}
		}))).dial()
		long := strings.Repeat("0123456789abcdef", 0x3000)
		for range 2 {
			p.send(chunked + "3\r\none\r\n")
			<-after(2500 * time.Millisecond)
			go io.WriteString(p, "30000\r\n"+long+"\r\n") // more than is read ahead
			<-after(2500 * time.Millisecond)
			p.send("0\r\n\r\n")
			_, body := p.response()
			assert.True(t, body == "one"+long)
		}
	})
}

// TestReadAheadIsReset: a reset ends the reading, also where there is no room
// for more.
func TestReadAheadIsReset(t *testing.T) {
	for name, body := range map[string]string{"nothing comes": "", "too much comes": "20000\r\n" + strings.Repeat("x", 0x20000)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reason := errors.New("enough")
				p := serve(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
					x.Attach(new(wire.Incoming))
					synctest.Wait()
					if body == "" {
						go func() {
							<-after(time.Second)
							x.Reset(reason)
						}()
					} else {
						x.Reset(reason)
					}
					_, err := x.Read(ctx, make([]byte, 10))
					assert.ErrorIs(t, err, reason)
				}))).dial()
				go io.WriteString(p, chunked+body)
				p.gone()
			})
		})
	}
}

// lateConn is a connection on a busy machine: a deadline that is near is set
// when it has passed.
type lateConn struct{ net.Conn }

func (c lateConn) SetReadDeadline(t time.Time) error {
	if left := time.Until(t); left > 0 && left < time.Second {
		<-after(time.Second)
		defer func() { <-after(time.Second) }()
	}
	return c.Conn.SetReadDeadline(t)
}

// lateListener accepts connections of that kind.
type lateListener struct{ net.Listener }

func (l lateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return lateConn{conn}, nil
}

// TestBodyEndsAtTheDeadline: the rest of a body that nobody wants is waited for
// with a deadline, which does not end the call of the next request.
func TestBodyEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serveOn(t, h1.New(serves(func(ctx context.Context, x wire.Exchange) {
			x.Attach(new(wire.Incoming))
			<-after(time.Millisecond)
			assert.NoError(t, ctx.Err())
			answer(x, 200, "well")
		})), func(l net.Listener) net.Listener { return lateListener{l} })
		p := r.dial()
		p.send(chunked + "5\r\nhello\r\n")
		<-after(10 * time.Millisecond)
		p.send("0\r\n\r\n")
		_, body := p.response()
		assert.Equal(t, body, "well")
		io.WriteString(p, chunked+"0\r\n\r\n") // which may be refused
		io.ReadAll(p.r)
	})
}
