// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/client"
	jsoncodec "github.com/curlewrpc/curlew/codec/json"
	protocodec "github.com/curlewrpc/curlew/codec/proto"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/h1"
)

func (t *tour) httpJSON() error {
	c := &http.Client{Transport: new(http.Transport)}
	defer c.CloseIdleConnections()
	base := "http://" + t.host.address
	for _, call := range []struct{ path, body, want string }{
		{"/Calculator/Add", `{"A":7,"B":8}`, `200 {"Value":15}`},
		{"/Arith/Multiply", `{"A":7,"B":8}`, `200 {"value":56}`},
		{"/Arith/Divide", `{"A":1}`, `500 unknown: divide by zero`},
		{"/greet.v1.Greeter/Greet", `{"name":"Ada"}`, `200 {"text":"Hello, Ada!"}`},
		{"/users.v1.UserService/GetUser", `{"id":99}`, `404 not_found: there is no user 99`},
	} {
		t.check("POST "+call.path, call.want, func(ctx context.Context) (string, error) {
			return say(post(ctx, c, base+call.path, "application/json", []byte(call.body)))
		})
	}
	return nil
}

func (t *tour) httpsJSON() error {
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: t.host.trust}}
	defer c.CloseIdleConnections()
	t.check("POST /Calculator/Add", `200 {"Value":15}`, func(ctx context.Context) (string, error) {
		return say(post(ctx, c, "https://"+t.host.address+"/Calculator/Add", "application/json", []byte(`{"A":7,"B":8}`)))
	})
	return nil
}

func (t *tour) httpProto() error {
	c := &http.Client{Transport: new(http.Transport)}
	defer c.CloseIdleConnections()
	t.check("POST /greet.v1.Greeter/Greet", "Hello, Ada!", func(ctx context.Context) (string, error) {
		request, err := proto.Marshal(&greetv1.GreetRequest{Name: "Ada"})
		if err != nil {
			return "", err
		}
		status, body, err := post(ctx, c, "http://"+t.host.address+"/greet.v1.Greeter/Greet", "application/proto", request)
		if err != nil || status != http.StatusOK {
			return fmt.Sprintf("%d %q", status, body), err
		}
		var greeting greetv1.GreetResponse
		err = proto.Unmarshal(body, &greeting)
		return greeting.GetText(), err
	})
	return nil
}

// say returns the status of an answer and its body, or the error in it.
func say(status int, body []byte, err error) (string, error) {
	var failure struct{ Code, Message string }
	if status != http.StatusOK && json.Unmarshal(body, &failure) == nil {
		body = []byte(failure.Code + ": " + failure.Message)
	}
	return fmt.Sprintf("%d %s", status, body), err
}

// post returns the status and the body of an answer.
func post(ctx context.Context, c *http.Client, url, contentType string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := c.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, answer, err
}

func (t *tour) curlewConnectJSON() error {
	protocol := connect.NewClient(h1.Dial, jsoncodec.New())
	return t.dial(t.host.address, []client.Option{client.WithProtocol(protocol)}, t.connectCalls)
}

func (t *tour) curlewConnectProto() error {
	protocol := connect.NewClient(h1.Dial, protocodec.New())
	return t.dial(t.host.address, []client.Option{client.WithProtocol(protocol), client.WithTLS(t.host.trust)}, t.connectCalls)
}

func (t *tour) connectCalls(c *client.Client) {
	t.arithmetic(c)
	t.check("Greeter.Greet", "Hello, Ada!", func(ctx context.Context) (string, error) {
		greeting, err := greetv1.NewGreeterClient(c).Greet(ctx, &greetv1.GreetRequest{Name: "Ada"})
		return greeting.GetText(), err
	})
	t.check("UserService.GetUser 99", "error: not_found: there is no user 99", func(ctx context.Context) (string, error) {
		user, err := usersv1.NewUserServiceClient(c).GetUser(ctx, &usersv1.GetUserRequest{Id: 99})
		return user.String(), err
	})
}
