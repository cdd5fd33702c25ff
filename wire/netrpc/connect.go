// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// An HTTP server that hands a connection over, as rpc.HandleHTTP makes it do,
// takes CONNECT requests for ConnectPath and answers them with ConnectReply.
const (
	ConnectPath  = "/_goRPC_"
	ConnectReply = "HTTP/1.0 200 Connected to Go RPC\r\n\r\n"
)

// maxConnectReply bounds the head of the answer to CONNECT.
const maxConnectReply = 4 << 10

// connect asks an HTTP server for the connection.
func connect(ctx context.Context, conn net.Conn, path string) error {
	if strings.ContainsAny(path, " \r\n") {
		return fmt.Errorf("the path %q has a space or a line end in it", path)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	_, err := conn.Write([]byte("CONNECT " + path + " HTTP/1.0\r\n\r\n"))
	var head string
	if err == nil {
		head, err = readHead(conn)
	}
	if !stop() {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(head, "\n")
	line = strings.TrimSuffix(line, "\r")
	// Go's own client wants this very text.
	if version, status, _ := strings.Cut(line, " "); !strings.HasPrefix(version, "HTTP/1.") || status != "200 Connected to Go RPC" {
		return fmt.Errorf("unexpected answer %q", line)
	}
	return nil
}

// readHead reads the head of an HTTP response and not a byte more: gobs follow.
func readHead(conn net.Conn) (string, error) {
	var head []byte
	var octet [1]byte
	for len(head) < maxConnectReply {
		if _, err := conn.Read(octet[:]); err != nil {
			return "", fmt.Errorf("after %q: %w", head, err)
		}
		head = append(head, octet[0])
		if text := string(head); strings.HasSuffix(text, "\n\n") || strings.HasSuffix(text, "\n\r\n") {
			return text, nil
		}
	}
	return "", errors.New("the head of the answer does not end")
}
