// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proxyproto

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/transport/mem"
)

// v2 builds a header of version 2.
func v2(versionCommand, familyKind byte, rest string) string {
	b := append([]byte(signatureV2), versionCommand, familyKind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(rest)))
	return string(b) + rest
}

const (
	inet  = "\x0a\x00\x00\x01\x0a\x00\x00\x02\x30\x39\x00\x50" // 10.0.0.1:12345, 10.0.0.2:80
	zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	inet6 = "\x20\x01\x0d\xb8" + zeros + "\x00\x01" + "\x20\x01\x0d\xb8" + zeros + "\x00\x02" + "\x30\x39\x00\x50"
	inetM = zeros + "\xff\xff\x0a\x00\x00\x01" + zeros + "\xff\xff\x0a\x00\x00\x02" + "\x30\x39\x00\x50"
	tlv   = "\x02\x00\x0bexample.com\x04\x00\x00"
)

// path is a path as a header has it.
func path(s string) string { return s + strings.Repeat("\x00", unixSize-len(s)) }

// headers are those that are right.
var headers = []struct {
	name                string
	bytes               string
	version             int
	source, destination string // empty: none
}{
	{"v1 TCP4", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", 1, "192.168.0.1:56324", "192.168.0.11:443"},
	{"v1 TCP4 longest", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", 1, "255.255.255.255:65535", "255.255.255.255:65535"},
	{"v1 TCP4 shortest", "PROXY TCP4 1.1.1.1 2.2.2.2 0 1\r\n", 1, "1.1.1.1:0", "2.2.2.2:1"},
	{"v1 TCP6", "PROXY TCP6 2001:db8::1 ::1 1 2\r\n", 1, "[2001:db8::1]:1", "[::1]:2"},
	{"v1 TCP6 mapped", "PROXY TCP6 ::ffff:10.0.0.1 ::1 1 2\r\n", 1, "10.0.0.1:1", "[::1]:2"},
	{"v1 UNKNOWN", "PROXY UNKNOWN\r\n", 1, "", ""},
	{"v1 UNKNOWN longest", "PROXY UNKNOWN " + strings.Repeat("f", 91) + "\r\n", 1, "", ""},
	{"v2 TCP4", v2(0x21, 0x11, inet), 2, "10.0.0.1:12345", "10.0.0.2:80"},
	{"v2 TCP4 and extensions", v2(0x21, 0x11, inet+tlv), 2, "10.0.0.1:12345", "10.0.0.2:80"},
	{"v2 TCP6", v2(0x21, 0x21, inet6), 2, "[2001:db8::1]:12345", "[2001:db8::2]:80"},
	{"v2 TCP6 mapped", v2(0x21, 0x21, inetM), 2, "10.0.0.1:12345", "10.0.0.2:80"},
	{"v2 Unix", v2(0x21, 0x31, path("/tmp/a")+path("/tmp/b")), 2, "/tmp/a", "/tmp/b"},
	{"v2 Unix without names", v2(0x21, 0x31, path("")+path("\x00abstract")), 2, "", "@abstract"},
	{"v2 UDP4", v2(0x21, 0x12, inet), 2, "", ""},
	{"v2 unspecified", v2(0x21, 0x00, ""), 2, "", ""},
	{"v2 unspecified with rest", v2(0x21, 0x00, "ignored"), 2, "", ""},
	{"v2 local", v2(0x20, 0x00, ""), 2, "", ""},
	{"v2 local with family", v2(0x20, 0x11, inet), 2, "", ""},
	{"v2 local with strange family", v2(0x20, 0xff, "x"), 2, "", ""},
	{"v2 longest", v2(0x21, 0x11, inet+strings.Repeat("x", maxRest-len(inet))), 2, "10.0.0.1:12345", "10.0.0.2:80"},
}

func text(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// Every header is read exactly, in one piece or byte by byte.
func TestHeaders(t *testing.T) {
	const rest = "\r\nthe protocol proper"
	for _, test := range headers {
		for chop := range 3 {
			t.Run(test.name, func(t *testing.T) {
				conn, peer := mem.Pipe()
				defer conn.Close()
				conn.SetFaults(mem.Faults{}, mem.Faults{Chop: chop})
				io.WriteString(peer, test.bytes+rest)
				peer.Close()
				h, err := Config{}.Read(t.Context(), conn)
				if err != nil {
					t.Fatal(err)
				}
				if h.Version != test.version || text(h.Source) != test.source || text(h.Destination) != test.destination {
					t.Errorf("version %d, %v to %v", h.Version, h.Source, h.Destination)
				}
				if got, err := io.ReadAll(conn); string(got) != rest || err != nil {
					t.Errorf("what follows is %q, %v", got, err)
				}
			})
		}
	}
}

func TestMalformed(t *testing.T) {
	tests := []struct{ name, bytes, want string }{
		{"HTTP", "GET / HTTP/1.1\r\n", "no PROXY protocol header"},
		{"HTTP POST", "POST / HTTP/1.1\r\n", "no PROXY protocol header"},
		{"TLS", "\x16\x03\x01\x02\x00\x01", "no PROXY protocol header"},
		{"nothing", "", "ended after 0 bytes"},
		{"half a signature", "PRO", "ended after 3 bytes"},
		{"half a line", "PROXY TCP4 1.1.1.1 2.2", "ended after 22 bytes"},
		{"half a fixed part", signatureV2 + "\x21", "ended after 13 bytes"},
		{"half the addresses", v2(0x21, 0x11, inet)[:20], "ended after 20 bytes"},
		{"family missing", "PROXY \r\nxxxxxxxxxxxxxx", "malformed line"},
		{"unknown family", "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", "malformed line"},
		{"lower case", "PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", "malformed line"},
		{"two spaces", "PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", "malformed line"},
		{"field missing", "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", "malformed line"},
		{"field too many", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", "malformed line"},
		{"only LF", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\nxxxxxxx", "malformed line"},
		{"only CR", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rxxxxxxx", "ended after"},
		{"name", "PROXY TCP4 localhost 2.2.2.2 1 2\r\n", "source"},
		{"leading zeros", "PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n", "source"},
		{"IPv6 in TCP4", "PROXY TCP4 1.1.1.1 ::1 1 2\r\n", "destination"},
		{"IPv4 in TCP6", "PROXY TCP6 ::1 1.1.1.1 1 2\r\n", "does not fit TCP6"},
		{"zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "does not fit TCP6"},
		{"port too large", "PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", "port"},
		{"port signed", "PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", "port"},
		{"port with zeros", "PROXY TCP4 1.1.1.1 2.2.2.2 1 02\r\n", "leading zeros"},
		{"endless line", "PROXY UNKNOWN" + strings.Repeat(" ", 200), "within 107 bytes"},
		{"line one too long", "PROXY UNKNOWN " + strings.Repeat("f", 92) + "\r\n", "within 107 bytes"},
		{"version 1 in binary", v2(0x11, 0x11, inet), "version 1"},
		{"unknown command", v2(0x22, 0x11, inet), "unknown command 2"},
		{"unknown address family", v2(0x21, 0x41, inet), "0x41"},
		{"unknown kind", v2(0x21, 0x13, inet), "0x13"},
		{"addresses too short", v2(0x21, 0x11, inet[:11]), "which take 12"},
		{"IPv6 addresses too short", v2(0x21, 0x21, inet6[:35]), "which take 36"},
		{"paths too short", v2(0x21, 0x31, path("")), "which take 216"},
		{"too long", v2(0x21, 0x11, strings.Repeat("x", maxRest+1))[:fixedSize], "more than 4096"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn, peer := mem.Pipe()
			defer conn.Close()
			io.WriteString(peer, test.bytes)
			peer.Close()
			h, err := Config{}.Read(t.Context(), conn)
			if err == nil {
				t.Fatalf("accepted as %+v", h)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "mem:b") {
				t.Errorf("error %q, want the peer's address and %q", err, test.want)
			}
			if noHeader := strings.HasPrefix(test.want, "no PROXY"); errors.Is(err, ErrNoHeader) != noHeader {
				t.Errorf("error %v is ErrNoHeader: %v", err, !noHeader)
			}
		})
	}
}

func TestOptional(t *testing.T) {
	config := Config{Optional: true}
	for _, test := range []string{"GET / HTTP/1.1\r\n\r\n", "P", "PROXYED", "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
		conn, peer := mem.Pipe()
		io.WriteString(peer, test)
		peer.Close()
		h, err := config.Read(t.Context(), conn)
		if err != nil {
			t.Errorf("%q: %v", test, err)
		}
		rest, _ := io.ReadAll(conn)
		if got := string(h.Prefix) + string(rest); got != test || h.Version != 0 || h.Source != nil {
			t.Errorf("%q: prefix and rest are %q, header %+v", test, got, h)
		}
	}
	conn, peer := mem.Pipe()
	peer.Close()
	if _, err := config.Read(t.Context(), conn); !errors.Is(err, io.EOF) {
		t.Errorf("empty connection: %v", err)
	}
	conn, peer = mem.Pipe()
	io.WriteString(peer, headers[0].bytes)
	if h, err := config.Read(t.Context(), conn); err != nil || h.Version != 1 {
		t.Errorf("a header where it is optional: %+v, %v", h, err)
	}
}

// The mismatch is noticed at once, though the peer waits for an answer.
func TestShortStrangerIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, peer := mem.Pipe()
		io.WriteString(peer, "PI")
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := (Config{}).Read(ctx, conn); !errors.Is(err, ErrNoHeader) {
			t.Errorf("Read: %v", err)
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("refused after %v", waited)
		}
	})
}

func TestTimeout(t *testing.T) {
	for _, sent := range []string{"", "PROXY TCP4 1.1.1.1", signatureV2} {
		synctest.Test(t, func(t *testing.T) {
			conn, peer := mem.Pipe()
			io.WriteString(peer, sent)
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := Config{}.Read(ctx, conn)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

// A slow header is read, and the connection has no deadline afterwards.
func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, peer := mem.Pipe()
		go func() {
			for _, b := range []byte(headers[0].bytes) {
				<-time.After(time.Second)
				peer.Write([]byte{b})
			}
			<-time.After(time.Hour)
			io.WriteString(peer, "rest")
			peer.Close()
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if h, err := (Config{}).Read(ctx, conn); err != nil || h.Version != 1 {
			t.Fatalf("%+v, %v", h, err)
		}
		if rest, err := io.ReadAll(conn); string(rest) != "rest" || err != nil {
			t.Errorf("rest %q, %v", rest, err)
		}
	})
}

// addrConn is a connection from a given address.
type addrConn struct {
	net.Conn
	remote net.Addr
}

func (c addrConn) RemoteAddr() net.Addr { return c.remote }

func TestTrusted(t *testing.T) {
	config := Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}}
	tcp := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	tests := []struct {
		config Config
		remote net.Addr
		want   bool
	}{
		{config, tcp("10.1.2.3:1"), true},
		{config, tcp("[::ffff:10.1.2.3]:1"), true},
		{config, tcp("[fe80::1%eth0]:1"), true},
		{config, tcp("11.1.2.3:1"), false},
		{config, tcp("[2001:db8::1]:1"), false},
		{config, &net.UnixAddr{Net: "unix"}, true},
		{Config{}, tcp("11.1.2.3:1"), true},
		{Config{Trusted: []netip.Prefix{}}, tcp("11.1.2.3:1"), false},
	}
	for _, test := range tests {
		near, peer := mem.Pipe()
		io.WriteString(peer, headers[0].bytes)
		peer.Close()
		h, err := test.config.Read(t.Context(), addrConn{near, test.remote})
		if err != nil || (h.Version != 0) != test.want {
			t.Errorf("from %v: header %+v, %v; trusted is %v", test.remote, h, err, test.want)
		}
		if rest, _ := io.ReadAll(near); !test.want && string(rest) != headers[0].bytes {
			t.Errorf("from %v: bytes of an untrusted source are missing, there is %q", test.remote, rest)
		}
	}
}

func TestClosedConn(t *testing.T) {
	conn, _ := mem.Pipe()
	conn.Close()
	if _, err := (Config{}).Read(t.Context(), conn); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read: %v", err)
	}
	r := reader{conn: iotest.ErrReader(nil)}
	if _, err := r.header(false); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that does nothing: %v", err)
	}
}

// FuzzRead checks that what is read does not depend on how the bytes come in,
// and that a header ends exactly where the reading does.
func FuzzRead(f *testing.F) {
	for _, h := range headers {
		f.Add([]byte(h.bytes+"rest"), false)
	}
	f.Add([]byte("GET / HTTP/1.1\r\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, optional bool) {
		whole := bytes.NewReader(data)
		r := reader{conn: whole}
		h, err := r.header(optional)
		used := len(data) - whole.Len()
		if limit := fixedSize + maxRest; used > limit {
			t.Fatalf("%d bytes read, more than %d", used, limit)
		}
		if used != len(r.buf) {
			t.Fatalf("%d bytes read, %d kept", used, len(r.buf))
		}

		single := reader{conn: iotest.OneByteReader(bytes.NewReader(data))}
		h2, err2 := single.header(optional)
		if (err == nil) != (err2 == nil) || h.Version != h2.Version ||
			text(h.Source) != text(h2.Source) || text(h.Destination) != text(h2.Destination) {
			t.Fatalf("in one piece: %+v, %v; in single bytes: %+v, %v", h, err, h2, err2)
		}
		switch {
		case err != nil:
		case h.Version == 0:
			if !optional || !bytes.HasPrefix(data, h.Prefix) || len(h.Prefix) != used {
				t.Fatalf("prefix %q of %d bytes read", h.Prefix, used)
			}
		default:
			short := reader{conn: bytes.NewReader(data[:used-1])}
			if _, err := short.header(false); err == nil {
				t.Fatal("the last byte read does not belong to the header")
			}
			if (h.Source == nil) != (h.Destination == nil) {
				t.Fatalf("only one end: %+v", h)
			}
		}
	})
}
