// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"net"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ttl is how long the messages that were read count, the shortest of them.
type ttl struct {
	mu    sync.Mutex
	least time.Duration // negative: unknown
}

func (t *ttl) get() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.least
}

func (t *ttl) note(message []byte) {
	d, ok := lifetime(message)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.least < 0 || d < t.least {
		t.least = d
	}
}

// lifetime returns how long a response counts: as its shortest record, or if
// nothing was found, as the zone says (RFC 2308, section 5). It is not known of
// what is no such response, or says neither.
func lifetime(message []byte) (time.Duration, bool) {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil || !header.Response || header.Truncated || p.SkipAllQuestions() != nil {
		return 0, false
	}
	found, least := false, uint32(0)
	note := func(seconds uint32) {
		if seconds > 1<<31-1 { // RFC 2181, section 8
			seconds = 0
		}
		if !found || seconds < least {
			found, least = true, seconds
		}
	}
	for {
		record, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			break
		}
		if err != nil || p.SkipAnswer() != nil {
			return 0, false
		}
		note(record.TTL)
	}
	for !found {
		record, err := p.AuthorityHeader()
		if err != nil {
			return 0, false
		}
		if record.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				return 0, false
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			return 0, false
		}
		note(min(record.TTL, soa.MinTTL))
	}
	return time.Duration(least) * time.Second, true
}

// packets is a connection to a name server by UDP.
type packets struct {
	*net.UDPConn
	ttl *ttl
}

// Read reads one message.
func (p *packets) Read(b []byte) (int, error) {
	n, err := p.UDPConn.Read(b)
	if err == nil {
		p.ttl.note(b[:n])
	}
	return n, err
}

// stream is a connection to a name server by TCP, whose messages have their
// length before them (RFC 1035, section 4.2.2).
type stream struct {
	net.Conn
	ttl  *ttl
	read []byte
}

// Read reads a part of a message.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.read = append(s.read, b[:n]...)
	for len(s.read) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(s.read))
		if len(s.read) < end {
			break
		}
		s.ttl.note(s.read[2:end])
		s.read = s.read[end:]
	}
	return n, err
}
