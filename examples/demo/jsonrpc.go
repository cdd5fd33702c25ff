// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	gojsonrpc "net/rpc/jsonrpc"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

func (t *tour) goJSONRPC() error {
	c, err := gojsonrpc.Dial("tcp", t.host.address)
	if err != nil {
		return err
	}
	t.goArithmetic(c)
	t.goAsynchronous(c)
	return c.Close()
}

// rawJSONRPC writes JSON-RPC 2.0 to a socket, and reads it, without a library.
func (t *tour) rawJSONRPC() error {
	conn, err := net.Dial("tcp", t.host.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := json.NewDecoder(conn)
	exchange := func(ctx context.Context, request string) (json.RawMessage, error) {
		deadline, _ := ctx.Deadline()
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(conn, request); err != nil {
			return nil, err
		}
		var answer json.RawMessage
		err := answers.Decode(&answer)
		return answer, err
	}
	for _, call := range []struct{ name, method, params, want string }{
		{"Arith.Multiply {A:7, B:8}", "Arith.Multiply", `{"A":7,"B":8}`, "56"},
		{"Arith.Multiply [7, 8]", "Arith.Multiply", `[7,8]`, "56"},
		{"Arith.Divide [1, 0]", "Arith.Divide", `[1,0]`, "-32002: divide by zero"},
		{"greet.v1.Greeter.Greet", "greet.v1.Greeter.Greet", `{"name":"Ada"}`, `{"text":"Hello, Ada!"}`},
	} {
		t.check(call.name, call.want, func(ctx context.Context) (string, error) {
			answer, err := exchange(ctx, fmt.Sprintf(`{"jsonrpc":"2.0","id":"x","method":%q,"params":%s}`, call.method, call.params))
			if err != nil {
				return "", err
			}
			return result(answer)
		})
	}
	const entry = "notified"
	t.check("journal.Write, a notification", "arrived: "+entry, func(ctx context.Context) (string, error) {
		// The answer that comes is the next request's: a notification has none.
		answer, err := exchange(ctx, `{"jsonrpc":"2.0","method":"journal.Write","params":["`+entry+`"]}`+
			`{"jsonrpc":"2.0","id":"x","method":"Arith.Multiply","params":[1,1]}`)
		if err != nil {
			return "", err
		}
		if got, err := result(answer); got != "1" || err != nil {
			return got, err
		}
		return t.arrived(ctx)
	})
	return nil
}

func (t *tour) httpJSONRPC() error {
	c := &http.Client{Transport: new(http.Transport)}
	defer c.CloseIdleConnections()
	const batch = `[
		{"jsonrpc":"2.0","id":"x","method":"Arith.Multiply","params":{"A":7,"B":8}},
		{"jsonrpc":"2.0","method":"journal.Write","params":["batched"]},
		{"jsonrpc":"2.0","id":"x","method":"Arith.Divide","params":[1,0]},
		{"jsonrpc":"2.0","id":"x","method":"Arith.Nope"}
	]`
	t.check("POST /rpc, a batch of 4", "-32002: divide by zero; -32601; 56", func(ctx context.Context) (string, error) {
		status, body, err := post(ctx, c, "http://"+t.host.address+"/rpc", "application/json", []byte(batch))
		if err != nil || status != http.StatusOK {
			return fmt.Sprintf("%d %s", status, body), err
		}
		var answers []json.RawMessage
		if err := json.Unmarshal(body, &answers); err != nil {
			return "", err
		}
		var results []string
		for _, answer := range answers {
			text, err := result(answer)
			if err != nil {
				return "", err
			}
			if strings.HasPrefix(text, "-32601") {
				text = "-32601" // how it is said does not matter
			}
			results = append(results, text)
		}
		slices.Sort(results) // answers of a batch may come in any order
		_, err = t.arrived(ctx)
		return strings.Join(results, "; "), err
	})
	return nil
}

// result returns the result in an answer with the id "x", or its error.
func result(answer json.RawMessage) (string, error) {
	var a struct {
		Version string `json:"jsonrpc"`
		ID      string
		Result  json.RawMessage
		Error   *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", err
	}
	if a.Version != "2.0" || a.ID != "x" {
		return "", fmt.Errorf("this is no answer to the request: %s", answer)
	}
	if a.Error != nil {
		return fmt.Sprintf("%d: %s", a.Error.Code, a.Error.Message), nil
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, a.Result)
	return compact.String(), err
}

func (t *tour) curlewJSONRPC1() error { return t.curlewJSONRPC(jsonrpc.Version1) }
func (t *tour) curlewJSONRPC2() error { return t.curlewJSONRPC(jsonrpc.Version2) }

func (t *tour) curlewJSONRPC(v jsonrpc.Version) error {
	return t.dial(t.host.address, []client.Option{client.WithProtocol(jsonrpc.New(v))}, func(c *client.Client) {
		t.arithmetic(c)
		t.asynchronous(c)
		t.oneWay(c)
	})
}
