// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest_test

import (
	"io"
	"net"
	"testing"

	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestLine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer l.Close()
	go func() { // echoes; ends with l
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	line := discoverytest.NewLine(t, l.Addr().String())
	echo := func() (net.Conn, error) {
		conn, err := net.Dial("tcp", line.Addr())
		if err != nil {
			return nil, err
		}
		if _, err := conn.Write([]byte("hello")); err != nil {
			return conn, err
		}
		b := make([]byte, 5)
		_, err = io.ReadFull(conn, b)
		return conn, err
	}
	conn, err := echo()
	assert.NoError(t, err)
	assert.Equal(t, line.Received(), 5)
	line.Cut()
	_, err = conn.Read(make([]byte, 1))
	assert.True(t, err != nil, "the cut ends connections")
	other, err := echo()
	assert.True(t, err != nil, "a cut line takes no new ones")
	if other != nil {
		assert.NoError(t, other.Close())
	}
	line.Mend()
	again, err := echo()
	assert.NoError(t, err)
	assert.Equal(t, line.Received(), 10)
	assert.NoError(t, conn.Close())
	assert.NoError(t, again.Close())
}
