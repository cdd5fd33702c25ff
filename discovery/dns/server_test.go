// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/curlewrpc/curlew/internal/assert"
)

// nameServer is a name server, over UDP and TCP at the same port.
type nameServer struct {
	t    testing.TB
	addr string
	work sync.WaitGroup

	mu      sync.Mutex // guards the rest
	records map[string][]dnsmessage.Resource
	code    dnsmessage.RCode // of every answer, if it is not 0
	udp     net.PacketConn
	tcp     net.Listener
	conns   []net.Conn
}

// soaTTL is how long the absence of a record counts, in seconds.
const soaTTL = 7

func newNameServer(t testing.TB) *nameServer {
	t.Helper()
	s := &nameServer{t: t, addr: "127.0.0.1:0", records: make(map[string][]dnsmessage.Resource)}
	s.start()
	t.Cleanup(s.stop)
	return s
}

// start listens, again at the address that it had.
func (s *nameServer) start() {
	s.t.Helper()
	for range 100 { // a free port for UDP may be taken for TCP
		udp, err := net.ListenPacket("udp", s.addr)
		assert.NoError(s.t, err)
		tcp, err := net.Listen("tcp", udp.LocalAddr().String())
		if err != nil {
			assert.NoError(s.t, udp.Close())
			continue
		}
		s.mu.Lock()
		s.udp, s.tcp, s.addr = udp, tcp, udp.LocalAddr().String()
		s.mu.Unlock()
		s.work.Go(func() { s.servePackets(udp) })
		s.work.Go(func() { s.serveStreams(tcp) })
		return
	}
	s.t.Fatal("no port is free for both UDP and TCP")
}

func (s *nameServer) stop() {
	s.mu.Lock()
	_ = s.udp.Close() // it may be closed already
	_ = s.tcp.Close()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.work.Wait()
}

// set replaces the records of a name.
func (s *nameServer) set(name string, records ...dnsmessage.Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[canonical(name)] = records
}

// fail has every answer be a failure; 0 ends that.
func (s *nameServer) fail(code dnsmessage.RCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code = code
}

func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) + "." }

func (s *nameServer) servePackets(udp net.PacketConn) {
	b := make([]byte, 4096)
	for {
		n, from, err := udp.ReadFrom(b)
		if err != nil {
			return
		}
		if reply := s.answer(b[:n], 1232); reply != nil {
			_, _ = udp.WriteTo(reply, from) // the client asks again
		}
	}
}

func (s *nameServer) serveStreams(tcp net.Listener) {
	for {
		conn, err := tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.work.Go(func() {
			defer conn.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(conn, size[:]); err != nil {
					return
				}
				message := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(conn, message); err != nil {
					return
				}
				reply := s.answer(message, 1<<16-1)
				if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
					return
				}
			}
		})
	}
}

// answer answers a query, by a truncated message if most bytes are not enough.
func (s *nameServer) answer(query []byte, most int) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil
	}
	question, err := p.Question()
	if err != nil {
		return nil
	}
	s.mu.Lock()
	records, known := s.records[canonical(question.Name.String())]
	code := s.code
	s.mu.Unlock()

	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, RecursionDesired: true, RecursionAvailable: true, RCode: code},
		Questions: []dnsmessage.Question{question},
	}
	for _, r := range records {
		if r.Header.Type == question.Type && code == 0 {
			r.Header.Name, r.Header.Class = question.Name, dnsmessage.ClassINET
			m.Answers = append(m.Answers, r)
		}
	}
	if len(m.Answers) == 0 && code == 0 {
		if !known || len(records) == 0 {
			m.RCode = dnsmessage.RCodeNameError
		}
		m.Authorities = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: dnsmessage.TypeSOA, Class: dnsmessage.ClassINET, TTL: 3600},
			Body:   &dnsmessage.SOAResource{NS: question.Name, MBox: question.Name, MinTTL: soaTTL},
		}}
	}
	reply, err := m.Pack()
	if err == nil && len(reply) > most {
		m.Truncated, m.Answers = true, nil
		reply, err = m.Pack()
	}
	if err != nil {
		s.t.Errorf("the name server cannot answer: %v", err)
		return nil
	}
	return reply
}

func a(ttl uint32, ip [4]byte) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Type: dnsmessage.TypeA, TTL: ttl}, Body: &dnsmessage.AResource{A: ip}}
}

func aaaa(ttl uint32, ip [16]byte) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Type: dnsmessage.TypeAAAA, TTL: ttl}, Body: &dnsmessage.AAAAResource{AAAA: ip}}
}

func srv(ttl uint32, priority, weight, port uint16, target string) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Type: dnsmessage.TypeSRV, TTL: ttl},
		Body:   &dnsmessage.SRVResource{Priority: priority, Weight: weight, Port: port, Target: dnsmessage.MustNewName(canonical(target))},
	}
}
