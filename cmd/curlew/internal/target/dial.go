// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/wire"
)

// Client is a client that is connected.
type Client struct {
	*client.Client
	Protocol string        // that the server speaks, "grpc"
	Dialed   time.Duration // how long it took to connect
}

// maxMessage bounds the messages that commands receive. It is generous, for
// nobody but the user bears the cost.
const maxMessage = 256 << 20

// Dial connects to an address: what [client.New] takes, or http://host:port and
// https://host:port. Options are added to those that the flags say. The error
// says what was seen of the server and what to do, and has the exit status: 2 if
// the flags are wrong, else that of [curlew.Unavailable]. The caller must Close
// the client.
func (f *Flags) Dial(ctx context.Context, address string, opts ...client.Option) (*Client, error) {
	c, protocol, err := f.client(address, opts)
	if err != nil {
		return nil, cli.Status(cli.UsageStatus, err)
	}
	start := time.Now()
	if err := f.connect(ctx, c, protocol); err != nil {
		c.Close()
		return nil, cli.Status(ExitStatus(curlew.Unavailable), err)
	}
	return &Client{Client: c, Protocol: protocol.spoken(), Dialed: time.Since(start)}, nil
}

// client returns the client that the flags describe.
func (f *Flags) client(address string, opts []client.Option) (*client.Client, *firstOf, error) {
	address, config, err := f.Secure(address)
	if err != nil {
		return nil, nil, err
	}
	protocol, err := f.protocol()
	if err != nil {
		return nil, nil, err
	}
	header, err := f.headers()
	if err != nil {
		return nil, nil, err
	}
	options := []client.Option{
		client.WithProtocol(protocol),
		client.WithLimits(wire.Limits{MaxReceive: maxMessage}),
	}
	if header.Len() > 0 { // a client without interceptors uses the memory of calls again
		options = append(options, client.WithInterceptors(withHeader(header)))
	}
	if config != nil {
		options = append(options, client.WithTLS(config))
	}
	c, err := client.New(address, append(options, opts...)...)
	if err != nil {
		return nil, nil, fmt.Errorf("%w\nAn address is host:port or unix:///path/to.sock", err)
	}
	return c, protocol, nil
}

// connect waits for a connection. Where there is one server only, the first
// failure is the last.
func (f *Flags) connect(parent context.Context, c *client.Client, protocol *firstOf) error {
	timeout := f.ConnectTimeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	ctx, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	if t := c.Target(); t.Scheme == "" && !strings.Contains(t.Endpoint, ",") {
		protocol.failed = func(f *failure) { failed(f) }
	}
	err := c.Connect(ctx)
	if err == nil {
		return nil
	}
	var last *failure
	if errors.As(context.Cause(ctx), &last) {
		return last.explain(parent)
	}
	if last = protocol.unfinished(err); last != nil && parent.Err() == nil {
		return last.explain(parent)
	}
	return err
}

// splitScheme removes http:// and https:// from an address, and reports whether
// it was the latter.
func splitScheme(address string) (_ string, secure bool, _ error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return address, false, nil
	}
	rest = strings.TrimSuffix(rest, "/")
	if strings.Contains(rest, "/") {
		return "", false, fmt.Errorf("%s: there is a path in the address, which RPC has no use for; leave out what follows host:port", address)
	}
	if _, _, err := net.SplitHostPort(rest); err != nil {
		port := "80"
		if scheme == "https" {
			port = "443"
		}
		rest = net.JoinHostPort(strings.Trim(rest, "[]"), port)
	}
	return rest, scheme == "https", nil
}

// withHeader sends fields with every call.
func withHeader(h *curlew.Header) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			for name, value := range h.All() {
				call.Header().Add(name, value)
			}
			return next(ctx, call)
		}
	}
}
