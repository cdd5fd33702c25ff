// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"context"
	"fmt"
	"sync"

	"github.com/curlewrpc/curlew"
)

// Line is something said. From is empty when the room itself speaks.
type Line struct{ From, Text string }

// Chat is a room: a bidirectional stream for each of its members. The zero Chat
// is an empty room.
type Chat struct {
	mu      sync.Mutex
	members map[*member]bool
}

// member is one stream. What it should hear waits in lines, so that nobody
// waits for a slow one.
type member struct {
	name  string
	lines chan *Line
	slow  context.CancelCauseFunc
}

// backlog is how far a member may lag behind the talk.
const backlog = 100

// [chat]

// Join takes a member in. The first line that it sends has its name; all
// members get every line, the speaker too, who so knows that it was heard.
func (c *Chat) Join(ctx context.Context, stream curlew.Bidi[Line, Line]) error {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	hello, err := stream.Receive(ctx)
	if err != nil {
		return err
	}
	if hello.From == "" {
		return curlew.NewError(curlew.InvalidArgument, "say who you are in the first line")
	}
	m := &member{name: hello.From, lines: make(chan *Line, backlog), slow: leave}
	c.enter(m)
	sent := make(chan error, 1)
	go func() { sent <- m.hear(ctx, stream) }() // one goroutine sends, this one receives
	err = c.talk(ctx, m, stream)
	c.leave(m)
	if heard := <-sent; err == nil {
		err = heard
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// talk tells everybody what a member says, until it says no more.
func (c *Chat) talk(ctx context.Context, m *member, stream curlew.Bidi[Line, Line]) error {
	for line, err := range stream.All(ctx) {
		if err != nil {
			return err
		}
		c.say(&Line{From: m.name, Text: line.Text})
	}
	return nil
}

// hear sends a member what was said, until it has left.
func (m *member) hear(ctx context.Context, stream curlew.Bidi[Line, Line]) error {
	for {
		select {
		case line, ok := <-m.lines:
			if !ok {
				return nil
			}
			if err := stream.Send(ctx, line); err != nil {
				m.slow(err)
				return err
			}
		case <-curlew.CallFrom(ctx).Draining():
			m.slow(curlew.NewError(curlew.Unavailable, "the room closes"))
			return nil
		}
	}
}

// [/chat]

func (c *Chat) enter(m *member) {
	c.mu.Lock()
	if c.members == nil {
		c.members = make(map[*member]bool)
	}
	c.members[m] = true
	n := len(c.members)
	c.mu.Unlock()
	c.say(&Line{Text: fmt.Sprintf("%s is here. Members: %d", m.name, n)})
}

// leave lets a member go; what it has still to hear, it hears.
func (c *Chat) leave(m *member) {
	c.mu.Lock()
	delete(c.members, m)
	close(m.lines)
	c.mu.Unlock()
	c.say(&Line{Text: m.name + " has left"})
}

// say queues a line for all members. One whose queue is full is shown out.
func (c *Chat) say(line *Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for m := range c.members {
		select {
		case m.lines <- line:
		default:
			m.slow(curlew.Errorf(curlew.ResourceExhausted, "%d lines wait to be read; read faster", backlog))
		}
	}
}
