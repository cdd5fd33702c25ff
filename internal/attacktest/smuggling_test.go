// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/wire"
)

// smuggled is a request that hides in another one's body, where whoever is
// between the client and the server does not see it. If it runs, the marker
// comes back.
const smuggled = "POST /attack.Target/Echo HTTP/1.1\r\nHost: evil\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"Data\":\"" + marker + "\"}"

const marker = "AAAAAAAA" // base64

// TestSmuggling sends requests whose end is not where it may seem. None but the
// first may run: behind it nobody can tell where the next one begins (RFC 9112,
// sections 6.1 and 6.3).
func TestSmuggling(t *testing.T) {
	const path, kind = "POST /attack.Target/Echo HTTP/1.1\r\nHost: a\r\n", "Content-Type: application/json\r\n"
	length := fmt.Sprintf("Content-Length: %d\r\n", len(smuggled))
	const empty = "0\r\n\r\n" // as a body: of no chunks
	v := start(t, wire.Limits{Handshake: time.Second})
	for name, sent := range map[string]string{
		"length and chunks":            path + kind + length + "Transfer-Encoding: chunked\r\n\r\n" + empty + smuggled,
		"chunks and length":            path + kind + "Transfer-Encoding: chunked\r\n" + length + "\r\n" + empty + smuggled,
		"two lengths":                  path + kind + "Content-Length: 0\r\n" + length + "\r\n" + smuggled,
		"two lengths in one":           path + kind + fmt.Sprintf("Content-Length: %d, 0\r\n\r\n", len(smuggled)) + smuggled,
		"length with a plus":           path + kind + "Content-Length: +0\r\n\r\n" + smuggled,
		"length below zero":            path + kind + "Content-Length: -1\r\n\r\n" + smuggled,
		"hexadecimal length":           path + kind + "Content-Length: 0x0\r\n\r\n" + smuggled,
		"length too large":             path + kind + "Content-Length: 18446744073709551616\r\n\r\n" + smuggled,
		"space before the colon":       path + kind + "Content-Length : 0\r\n\r\n" + smuggled,
		"chunks, space before":         path + kind + length + "Transfer-Encoding : chunked\r\n\r\n" + empty + smuggled,
		"unknown coding":               path + kind + "Transfer-Encoding: xchunked\r\n\r\n" + empty + smuggled,
		"chunks, then identity":        path + kind + "Transfer-Encoding: chunked, identity\r\n\r\n" + empty + smuggled,
		"identity, then chunks":        path + kind + length + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" + empty + smuggled,
		"chunks twice":                 path + kind + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + empty + smuggled,
		"vertical tab before chunked":  path + kind + length + "Transfer-Encoding: \vchunked\r\n\r\n" + empty + smuggled,
		"chunks in HTTP/1.0":           strings.Replace(path, "1.1", "1.0", 1) + kind + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + empty + smuggled,
		"hexadecimal prefix":           path + kind + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + smuggled,
		"signed chunk":                 path + kind + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + smuggled,
		"chunk of no end":              path + kind + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n" + empty + smuggled,
		"chunk size too large":         path + kind + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}\r\n" + empty + smuggled,
		"chunk extension, bare feed":   path + kind + "Transfer-Encoding: chunked\r\n\r\n2;\n{}\r\n" + empty + smuggled,
		"chunk size, bare feed":        path + kind + "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n" + empty + smuggled,
		"long chunk extension":         path + kind + "Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 1<<20) + "\r\n{}\r\n" + empty + smuggled,
		"zero byte in a field":         path + kind + "X: a\x00b\r\n" + "Content-Length: 0\r\n\r\n" + smuggled,
		"carriage return in a field":   path + kind + "X: a\rContent-Length: 99\r\nContent-Length: 0\r\n\r\n" + smuggled,
		"two hosts":                    path + "Host: b\r\n" + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"no host":                      strings.Replace(path, "Host: a\r\n", "", 1) + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"no field name":                path + kind + ": x\r\nContent-Length: 0\r\n\r\n" + smuggled,
		"first field begins by space":  "POST /attack.Target/Echo HTTP/1.1\r\n Host: a\r\nHost: a\r\n" + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"space in the path":            "POST /attack.Target/Echo x HTTP/1.1\r\nHost: a\r\n" + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"a version that is none":       "POST /attack.Target/Echo HTTP/1.1x\r\nHost: a\r\n" + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"HTTP/2 in a request line":     "POST /attack.Target/Echo HTTP/2.0\r\nHost: a\r\n" + kind + "Content-Length: 0\r\n\r\n" + smuggled,
		"body of a GET":                "GET /attack.Target/Echo HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + smuggled,
		"body of what is not found":    "POST /nowhere HTTP/1.1\r\nHost: a\r\n" + kind + length + "\r\n" + smuggled,
		"body of an unknown type":      path + "Content-Type: image/png\r\n" + length + "\r\n" + smuggled,
		"body of an unknown method":    "POST /attack.Target/Nothing HTTP/1.1\r\nHost: a\r\n" + kind + length + "\r\n" + smuggled,
		"body of an unknown encoding":  path + kind + "Content-Encoding: lzw\r\n" + length + "\r\n" + smuggled,
		"body that nobody asked for":   path + "Content-Type: image/png\r\nExpect: 100-continue\r\n" + length + "\r\n" + smuggled,
		"CONNECT with a body":          "CONNECT attack.Target:80 HTTP/1.1\r\nHost: a\r\n" + length + "\r\n" + smuggled,
		"upgrade that is not taken":    path + "Content-Type: image/png\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n" + length + "\r\n" + smuggled,
		"trailers with a length":       path + kind + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 999\r\nHost: b\r\n\r\n",
		"body longer than its message": path + kind + fmt.Sprintf("Content-Length: %d\r\n\r\n", 2+len(smuggled)) + "{}" + smuggled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := v.dial()
			if _, err := conn.Write([]byte(sent)); err != nil {
				t.Fatal(err)
			}
			statuses := v.responses(t, conn)
			t.Log(statuses)
			if len(statuses) != 1 {
				t.Errorf("there were the answers %d, want one", statuses)
			}
		})
	}
}

// responses reads responses until the connection ends, or until for a while
// there is no more. It returns their statuses.
func (v *victim) responses(t *testing.T, conn net.Conn) (statuses []int) {
	in := bufio.NewReader(conn)
	for {
		conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		body, _ := io.ReadAll(r.Body) // a server that refuses closes early
		if strings.Contains(string(body), marker) {
			t.Errorf("the request inside the other one ran: %s", body)
		}
		if r.StatusCode != http.StatusContinue {
			statuses = append(statuses, r.StatusCode)
		}
	}
}
