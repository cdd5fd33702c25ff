// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/transport"
)

// What a sniff can recognise and calls can use.
const (
	http1 = "HTTP/1.1"
	http2 = "HTTP/2"
)

const (
	// hello2 is the client's connection preface with empty SETTINGS (RFC 9113,
	// section 3.4).
	hello2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	// frameHeader is the size of HTTP/2's frame headers.
	frameHeader = 9
	// maxShown bounds the first bytes that are looked at.
	maxShown = 64
)

// saw is how a server answered a greeting.
type saw struct {
	protocol string // http1, http2, or "" for something else
	first    []byte // the first bytes
	err      error  // of the connection, if there were none
}

// sniffBytes greets a server in plain text.
func (e *exam) sniffBytes(ctx context.Context) saw {
	return e.sniff(ctx, nil, hello2)
}

// hello1 is the request that costs an HTTP/1.1 server least.
func (e *exam) hello1() string {
	return "OPTIONS * HTTP/1.1\r\nHost: " + e.authority() + "\r\nConnection: close\r\n\r\n"
}

// sniff sends a greeting, over TLS if config is not nil, and looks at the first
// bytes of the answer. They may also be what a server says without being asked.
func (e *exam) sniff(ctx context.Context, config *tls.Config, greeting string) saw {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	conn, err := transport.Dial(ctx, e.network, e.address)
	if err != nil {
		return saw{err: err}
	}
	defer conn.Close()
	if config != nil {
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return saw{err: err}
		}
		conn = secured
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return saw{err: err}
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	_, sendErr := io.WriteString(conn, greeting)
	b := make([]byte, maxShown)
	n, err := io.ReadAtLeast(conn, b, frameHeader)
	if n == 0 {
		return saw{err: errors.Join(err, sendErr)}
	}
	return saw{protocol: recognise(b[:n]), first: b[:n]}
}

// recognise tells whether bytes begin an answer of HTTP.
func recognise(b []byte) string {
	const settings = 4
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/1.")):
		return http1
	case len(b) >= frameHeader && b[0] == 0 && b[3] == settings && bytes.Equal(b[5:frameHeader], make([]byte, 4)):
		return http2
	}
	return ""
}

// banners are the beginnings of what other servers say.
var banners = [...]struct{ prefix, what string }{
	{"SSH-", "an SSH server"},
	{"220 ", "a mail or FTP server"},
	{"220-", "a mail or FTP server"},
	{"+OK", "a POP3 server"},
	{"* OK", "an IMAP server"},
	{"-ERR", "a Redis server"},
	{"RFB ", "a VNC server"},
	{"AMQP", "an AMQP broker"},
	{"INFO {", "a NATS server"},
	{"\x15\x03", "a TLS server"},
	{"\x16\x03", "a TLS server"},
}

// mysql recognises MySQL's first packet: a length, the number 0, the version 10.
func mysql(b []byte) bool { return len(b) > 4 && b[3] == 0 && b[4] == 10 }

// describe says in words what was seen, to be read after "the server".
func (s saw) describe(timeout time.Duration) string {
	var waited net.Error
	switch {
	case s.protocol != "":
		return "speaks " + s.protocol
	case len(s.first) > 0:
		what := "nothing that is known here"
		for _, banner := range banners {
			if strings.HasPrefix(string(s.first), banner.prefix) {
				what = banner.what
			}
		}
		if mysql(s.first) {
			what = "a MySQL server"
		}
		return fmt.Sprintf("answers %q: %s", s.first, what)
	case errors.As(s.err, &waited) && waited.Timeout():
		return fmt.Sprintf("accepts the connection and says nothing within %v", timeout)
	case errors.Is(s.err, io.EOF), errors.Is(s.err, io.ErrUnexpectedEOF):
		return "closes the connection without a word"
	}
	return fmt.Sprintf("breaks the connection off (%v)", s.err)
}
