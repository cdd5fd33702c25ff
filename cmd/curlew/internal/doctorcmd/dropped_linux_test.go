// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd_test

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestDropped connects to an address where packets vanish: the kernel drops those
// that ask for a connection while a listener has too many that wait.
func TestDropped(t *testing.T) {
	address := full(t)
	expect(t, 1, []string{address, "--timeout", "300ms"}, "fail|dial|"+address+" does not answer within 300ms", "A firewall, a security group")
}

// full returns the address of a listener that accepts nobody any more.
func full(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	const most = 16
	for range most {
		conn, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Skipf("this kernel drops nothing though %d connections wait at a listener that has room for one", most)
	return ""
}
