// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// When a method is defined, the caller sends the hashes of its message types.
// If a hash is not that of the served type, the server sends its descriptors
// back, once, before the call's answer. The caller then refuses the method if
// a field number means another thing on the two sides.

// maxDescriptors bounds a method's descriptors so that they fit a frame.
const maxDescriptors = maxFrame - 64

// hashes returns the hashes of m's message types; 0 where they are not known.
func hashes(m *curlew.Method) (request, reply uint64) {
	s, err := m.Schema()
	if err != nil {
		return 0, 0
	}
	return s.RequestHash, s.ReplyHash
}

// checkSchema sends the descriptors of a served method if the peer means
// something else by it.
func (c *conn) checkSchema(id uint64, theirs *method, ours *curlew.Method) {
	s, err := ours.Schema()
	if err != nil || !differ(theirs.request, s.RequestHash) && !differ(theirs.reply, s.ReplyHash) {
		return
	}
	request, err := schema.MarshalDescriptor(s.Request)
	if err != nil {
		return
	}
	reply, err := schema.MarshalDescriptor(s.Reply)
	if err != nil || len(request)+len(reply) > maxDescriptors || c.writer.LockControl() != nil {
		return
	}
	buf := c.writer.Buffer()
	b, start := beginFrame(buf.B, frameDescriptor, 0, 0)
	b = appendUvarint(b, id)
	b = appendString(b, string(request))
	b = appendString(b, string(reply))
	buf.B = endFrame(b, start)
	c.writer.Unlock(coalesce.Now)
}

// differ reports whether two hashes are known and not the same.
func differ(a, b uint64) bool { return a != 0 && b != 0 && a != b }

// handleDescriptor learns what the peer means by a method that is called from
// here. A descriptor that cannot be read is an error of the peer.
func (c *conn) handleDescriptor(r *reader) error {
	id := r.uint()
	request, reply := r.bytes(maxDescriptors), r.bytes(maxDescriptors)
	if err := r.done(); err != nil {
		return protocolErrorf("DESCRIPTOR frame: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == 0 || id > uint64(len(c.definitions)) {
		return protocolErrorf("DESCRIPTOR frame for method %d, which was not defined", id)
	}
	m := c.definitions[id-1]
	mine, err := m.Schema()
	if err != nil {
		return nil
	}
	theirRequest, err := schema.UnmarshalDescriptor(request)
	if err != nil {
		return protocolErrorf("DESCRIPTOR frame: request: %v", err)
	}
	theirReply, err := schema.UnmarshalDescriptor(reply)
	if err != nil {
		return protocolErrorf("DESCRIPTOR frame: reply: %v", err)
	}
	if mine.Request != nil {
		err = schema.Compatible(mine.Request, theirRequest)
	}
	if err == nil && mine.Reply != nil {
		err = schema.Compatible(mine.Reply, theirReply)
	}
	if err != nil {
		if c.incompat == nil {
			c.incompat = make(map[*curlew.Method]*curlew.Error)
		}
		c.incompat[m] = curlew.Errorf(curlew.FailedPrecondition, "%s: the two sides' message types contradict each other: %w", m.FullName(), err)
	}
	return nil
}
