// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/curlewrpc/curlew/transport"
)

func listen(t *testing.T, address string, options transport.ListenOptions) net.Listener {
	t.Helper()
	l, err := transport.Listen(t.Context(), address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// mustAnswer connects to the listener and passes a byte.
func mustAnswer(t *testing.T, l net.Listener) {
	t.Helper()
	conn, err := transport.Dial(t.Context(), l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	buffer := make([]byte, 1)
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := accepted.Read(buffer); err != nil || buffer[0] != 'x' {
		t.Fatalf("read %q, %v", buffer, err)
	}
}

func TestListenTCP(t *testing.T) {
	l := listen(t, "127.0.0.1:0", transport.ListenOptions{})
	mustAnswer(t, l)
	if _, err := transport.Listen(t.Context(), l.Addr().String(), transport.ListenOptions{}); err == nil ||
		!strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("Listen at a used port: %v", err)
	}
	if _, err := transport.Listen(t.Context(), "localhost", transport.ListenOptions{}); err == nil ||
		!strings.Contains(err.Error(), "missing port") {
		t.Errorf("Listen without a port: %v", err)
	}
}

func TestListenUnix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files of sockets differ")
	}
	path := filepath.Join(t.TempDir(), "sock")
	address := "unix://" + path
	refused := func(want string) {
		t.Helper()
		_, err := transport.Listen(t.Context(), address, transport.ListenOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Listen: %v, want %q", err, want)
		}
	}

	l := listen(t, address, transport.ListenOptions{UnixMode: 0o660})
	mustAnswer(t, l)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("permissions %v, %v, want 0660", info.Mode(), err)
	}

	refused("somebody answers")
	conn, err := l.Accept() // the question itself
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	mustAnswer(t, l)

	l.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("Close left the file of the socket: %v", err)
	}

	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("not a socket")
	if content, err := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("a file was lost: %q, %v", content, err)
	}

	path = filepath.Join(t.TempDir(), "missing", "sock")
	address = "unix://" + path
	refused("no such file")
}

// A server that died has left its socket behind.
func TestListenReplacesStaleSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files of sockets differ")
	}
	path := filepath.Join(t.TempDir(), "sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeSocket {
		t.Fatalf("no socket was left: %v", err)
	}
	mustAnswer(t, listen(t, "unix://"+path, transport.ListenOptions{}))
}

func TestListenAbstract(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has abstract names")
	}
	address := "unix:@" + filepath.Join(t.TempDir(), "name")
	mustAnswer(t, listen(t, address, transport.ListenOptions{UnixMode: 0o600}))
	if _, err := transport.Listen(t.Context(), address, transport.ListenOptions{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen at a used name: %v", err)
	}
}
