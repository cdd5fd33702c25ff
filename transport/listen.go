// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// staleTimeout bounds the attempt to find out whether somebody still listens at
// a Unix socket.
const staleTimeout = time.Second

// keepAlive finds peers that vanished while the connection was idle, within two
// minutes, and keeps the connection alive in boxes that forget idle ones. While
// calls are in flight, their protocols notice a dead peer sooner.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}
}

// ListenOptions says how to listen. The zero value is fine.
type ListenOptions struct {
	// UnixMode is the permissions of a Unix socket's file; zero leaves them to
	// the process's umask. They are set just after the file appears: where that
	// moment matters, restrict the directory.
	UnixMode fs.FileMode
}

// Listen listens at an address that ParseAddress reads. The caller closes the
// listener; that removes the file of a Unix socket.
//
// The file of a Unix socket at which nobody answers any more is replaced. Two
// servers that start at the same path at the same moment are not kept apart.
func Listen(ctx context.Context, address string, options ListenOptions) (net.Listener, error) {
	a, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	config := net.ListenConfig{KeepAliveConfig: keepAlive()}
	config.SetMultipathTCP(false) // it costs every connection something and gains a server nothing
	if a.Network == "unix" {
		return listenUnix(ctx, &config, a.Address, options.UnixMode)
	}
	return config.Listen(ctx, a.Network, a.Address)
}

func listenUnix(ctx context.Context, config *net.ListenConfig, path string, mode fs.FileMode) (net.Listener, error) {
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		if obstacle := removeStale(ctx, path); obstacle != nil {
			return nil, fmt.Errorf("%w: %w", err, obstacle)
		}
		l, err = config.Listen(ctx, "unix", path)
	}
	if err != nil {
		return nil, err
	}
	if abstract := strings.HasPrefix(path, "@"); mode != 0 && !abstract {
		if err := os.Chmod(path, mode); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// removeStale removes the socket at path if nobody answers there, and returns
// what stands in the way otherwise. If there is nothing, it does nothing.
func removeStale(ctx context.Context, path string) error {
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case before.Mode().Type() != fs.ModeSocket:
		return errors.New("there is a file that is not a socket")
	}
	ctx, cancel := context.WithTimeout(ctx, staleTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		conn.Close()
		return errors.New("somebody answers there")
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("somebody may listen there: %w", err)
	}
	now, err := os.Lstat(path)
	if err != nil || !os.SameFile(before, now) {
		return errors.New("somebody has just replaced it")
	}
	return os.Remove(path)
}

// Dial connects to network and address, as an Address has them.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: keepAlive()}
	return dialer.DialContext(ctx, network, address)
}
