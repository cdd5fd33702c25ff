// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/client"
	jsoncodec "github.com/curlewrpc/curlew/codec/json"
	protocodec "github.com/curlewrpc/curlew/codec/proto"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
	"github.com/curlewrpc/curlew/examples/streams"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
)

func (t *tour) grpcTCP() error {
	return t.http(grpc.NewClient(h2.Dial, protocodec.New()), nil, func(c *client.Client) {
		t.everything(c)
		t.check("health of the server", "SERVING", func(ctx context.Context) (string, error) {
			status, err := health.NewClient(c).Check(ctx, "")
			return status.String(), err
		})
		t.check("services by reflection", "greet.v1.Greeter is there, and so is plain Go's Calculator", func(ctx context.Context) (string, error) {
			names, err := reflection.NewClient(c).Services(ctx)
			all := " " + strings.Join(names, " ") + " "
			if err != nil || !strings.Contains(all, " greet.v1.Greeter ") || !strings.Contains(all, " Calculator ") {
				return all, err
			}
			return "greet.v1.Greeter is there, and so is plain Go's Calculator", nil
		})
	})
}

func (t *tour) grpcTLS() error {
	return t.http(grpc.NewClient(h2.Dial, protocodec.New()), t.host.trust, func(c *client.Client) {
		t.arithmetic(c)
		t.greetings(greetv1.NewGreeterClient(c))
	})
}

func (t *tour) grpcWeb() error {
	return t.http(grpcweb.NewClient(h1.Dial, protocodec.New()), nil, func(c *client.Client) {
		t.arithmetic(c)
		t.check("a stream from the server", "1 2 3", func(ctx context.Context) (string, error) {
			return ticks(ctx, c)
		})
	})
}

func (t *tour) connectHTTP2() error {
	return t.http(connect.NewClient(h2.Dial, jsoncodec.New()), nil, t.everything)
}

// http runs calls with a Curlew client that speaks p.
func (t *tour) http(p wire.Protocol, trust *tls.Config, calls func(*client.Client)) error {
	opts := []client.Option{client.WithProtocol(p)}
	if trust != nil {
		opts = append(opts, client.WithTLS(trust))
	}
	return t.dial(t.host.address, opts, calls)
}

// everything makes the calls of protocols that carry all kinds of them.
func (t *tour) everything(c *client.Client) {
	t.arithmetic(c)
	t.asynchronous(c)
	t.deadline(c)
	t.greetings(greetv1.NewGreeterClient(c))
	t.userErrors(usersv1.NewUserServiceClient(c))
	t.streams(streams.Client{Caller: c})
}

// ticks receives a short stream.
func ticks(ctx context.Context, c *client.Client) (string, error) {
	stream, err := streams.Client{Caller: c}.Tick(ctx, &streams.TickRequest{Every: time.Millisecond, Count: 3})
	if err != nil {
		return "", err
	}
	var got []string
	for tick, err := range stream.All(ctx) {
		if err != nil {
			return strings.Join(got, " "), err
		}
		got = append(got, fmt.Sprint(tick.N))
	}
	return strings.Join(got, " "), nil
}

// goHTTP2 calls with net/http's client for HTTP/2, as curl does.
func (t *tour) goHTTP2() error {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	c := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer c.CloseIdleConnections()
	base := "http://" + t.host.address
	t.check("POST /Arith/Multiply", `HTTP/2.0 200 {"value":56}`, func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/Arith/Multiply", strings.NewReader(`{"A":7,"B":8}`))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := c.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return fmt.Sprintf("%s %d %s", response.Proto, response.StatusCode, body), err
	})
	return nil
}
