// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

func repeated(_ context.Context, n *int) (*string, error) {
	s := strings.Repeat("x", *n)
	return &s, nil
}

// spec is the service of the examples in the specification of JSON-RPC 2.0,
// section 7.
func spec() *curlew.Service {
	type operands struct {
		Minuend    int `json:"minuend"`
		Subtrahend int `json:"subtrahend"`
	}
	return curlew.NewService("Spec",
		curlew.Unary("subtract", func(_ context.Context, in *operands) (*int, error) {
			d := in.Minuend - in.Subtrahend
			return &d, nil
		}),
		curlew.Unary("sum", func(_ context.Context, in *struct{ A, B, C int }) (*int, error) {
			sum := in.A + in.B + in.C
			return &sum, nil
		}),
		curlew.Unary("update", func(context.Context, *struct{ A, B, C, D, E int }) (*struct{}, error) { return new(struct{}), nil }),
		curlew.Unary("notify_hello", func(context.Context, *int) (*struct{}, error) { return new(struct{}), nil }),
		curlew.Unary("get_data", func(context.Context, *struct{}) (*[]any, error) { return &[]any{"hello", 5}, nil }),
	)
}

// normal is a text of answers in a form that can be compared: the answers in
// order of their ids, errors without their data and texts.
func normal(t testing.TB, text string) string {
	t.Helper()
	var lines []string
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var v any
		assert.NoError(t, d.Decode(&v), text)
		lines = append(lines, tidy(t, v))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func tidy(t testing.TB, v any) string {
	t.Helper()
	switch v := v.(type) {
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, tidy(t, e))
		}
		slices.Sort(all)
		return "[" + strings.Join(all, ",") + "]"
	case map[string]any:
		if e, ok := v["error"].(map[string]any); ok {
			v["error"] = map[string]any{"code": e["code"]}
		}
	}
	b, err := json.Marshal(v)
	assert.NoError(t, err)
	return string(b)
}

// TestSpecification sends the requests of section 7 of the specification.
func TestSpecification(t *testing.T) {
	r := serve(t, wire.Limits{}, spec())
	for _, test := range []struct{ request, answer string }{
		{`{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}`, `{"jsonrpc": "2.0", "result": 19, "id": 1}`},
		{`{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}`, `{"jsonrpc": "2.0", "result": -19, "id": 2}`},
		{`{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}`, `{"jsonrpc": "2.0", "result": 19, "id": 3}`},
		{`{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}`, `{"jsonrpc": "2.0", "result": 19, "id": 4}`},
		{`{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}`, ``},
		{`{"jsonrpc": "2.0", "method": "foobar"}`, ``},
		{`{"jsonrpc": "2.0", "method": "foobar", "id": "1"}`, `{"jsonrpc": "2.0", "error": {"code": -32601}, "id": "1"}`},
		{`{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]`, `{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}`},
		{`{"jsonrpc": "2.0", "method": 1, "params": "bar"}`, `{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}`},
		{`[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]`, `{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}`},
		{`[]`, `{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}`},
		{`[1]`, `[{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]`},
		{`[1,2,3]`, `[{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]`},
		{
			`[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
			  {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
			  {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
			  {"foo": "boo"},
			  {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
			  {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
			`[{"jsonrpc": "2.0", "result": 7, "id": "1"},
			  {"jsonrpc": "2.0", "result": 19, "id": "2"},
			  {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
			  {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "5"},
			  {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]`,
		},
		{`[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]`, ``},
	} {
		assert.Equal(t, normal(t, r.say(test.request)), normal(t, test.answer), test.request)
	}
}

// TestRequests is what else a request may be, and what it may not.
func TestRequests(t *testing.T) {
	r := serve(t, wire.Limits{MaxStreams: 5}, services(t)...)
	const item = `{"ID":1,"name":"n","count":2,"Tags":["t"]}`
	for name, test := range map[string]struct{ request, answer string }{
		"1.0":                          {`{"method":"Arith.Multiply","params":[{"A":7,"B":8}],"id":3}`, `{"id":3,"result":56,"error":null}`},
		"1.0 with a version":           {`{"jsonrpc":"1.0","method":"Arith.Multiply","params":[{"A":7,"B":8}],"id":3}`, `{"id":3,"result":56,"error":null}`},
		"1.0 with an error":            {`{"method":"Arith.Divide","params":[{"A":7}],"id":3}`, `{"id":3,"result":null,"error":"divide by zero"}`},
		"1.0 without an id":            {`{"method":"Arith.Multiply","params":[{"A":7,"B":8}]}`, `{"id":null,"result":56,"error":null}`},
		"1.0 with any id":              {`{"method":"Arith.Multiply","params":[{"A":7,"B":8}],"id":{"x":[1]}}`, `{"id":{"x":[1]},"result":56,"error":null}`},
		"1.0 without params":           {`{"method":"Arith.Multiply","id":3}`, `{"id":3,"result":null,"error":"Arith/Multiply: params: there are no params"}`},
		"1.0 without anything":         {`{}`, `{"id":null,"result":null,"error":"invalid request: there is no method"}`},
		"1.0 with an empty list":       {`{"method":"Arith.Squares","params":[0],"id":3}`, `{"id":3,"result":[],"error":null}`},
		"the message as an object":     {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":` + item + `}`, `{"jsonrpc":"2.0","id":1,"result":` + item + `}`},
		"the message in a list":        {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":[` + item + `]}`, `{"jsonrpc":"2.0","id":1,"result":` + item + `}`},
		"the fields in a list":         {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":[1,"n",2,["t"]]}`, `{"jsonrpc":"2.0","id":1,"result":` + item + `}`},
		"some fields in a list":        {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":[7]}`, `{"jsonrpc":"2.0","id":1,"result":{"ID":7,"name":"","Tags":null}}`},
		"too many fields":              {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":[1,"n",2,["t"],5]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}`},
		"a list for a scalar":          {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":["x"]}`, `{"jsonrpc":"2.0","id":1,"result":"x"}`},
		"two for a scalar":             {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":["x","y"]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}`},
		"an object for a scalar":       {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":{"x":1}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}`},
		"no params":                    {`{"jsonrpc":"2.0","id":1,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":1,"result":""}`},
		"an empty list":                {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":[]}`, `{"jsonrpc":"2.0","id":1,"result":""}`},
		"a list of null":               {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":[null]}`, `{"jsonrpc":"2.0","id":1,"result":""}`},
		"params null":                  {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":null}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600}}`},
		"a wrong type":                 {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","params":[5]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}`},
		"a protobuf message":           {`{"jsonrpc":"2.0","id":1,"method":"proto.Messages/Double","params":["1.5s"]}`, `{"jsonrpc":"2.0","id":1,"result":"3s"}`},
		"a protobuf object":            {`{"jsonrpc":"2.0","id":1,"method":"proto.Messages.Struct","params":{"a":[1]}}`, `{"jsonrpc":"2.0","id":1,"result":{"a":[1]}}`},
		"a method without its service": {`{"jsonrpc":"2.0","id":1,"method":"Double","params":["1s"]}`, `{"jsonrpc":"2.0","id":1,"result":"2s"}`},
		"a stream":                     {`{"jsonrpc":"2.0","id":1,"method":"Test.Stream","params":["x"]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}`},
		"a text for an id":             {`{"jsonrpc":"2.0","id":"\u00e9\"","method":"Test.Text"}`, `{"jsonrpc":"2.0","id":"\u00e9\"","result":""}`},
		"a number for an id":           {`{"jsonrpc":"2.0","id":-1.50e+3,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":-1.50e+3,"result":""}`},
		"null for an id":               {`{"jsonrpc":"2.0","id":null,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":null,"result":""}`},
		"an object for an id":          {`{"jsonrpc":"2.0","id":{},"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`},
		"true for an id":               {`{"jsonrpc":"2.0","id":true,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`},
		"another version":              {`{"jsonrpc":"3.0","id":1,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600}}`},
		"a version that is a number":   {`{"jsonrpc":2.0,"id":1,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600}}`},
		"a key twice":                  {`{"jsonrpc":"2.0","id":1,"method":"Test.Text","method":"Test.Item"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`},
		"a key twice, deep inside":     {`{"jsonrpc":"2.0","id":1,"method":"Test.Item","params":{"name":"a","name":"b"}}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`},
		"not UTF-8, and then a request": {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}" + `{"jsonrpc":"2.0","id":1,"method":"Test.Text"}`,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}{"jsonrpc":"2.0","id":1,"result":""}`},
		"requests without white space": {`{"jsonrpc":"2.0","id":1,"method":"Test.Text"}{"jsonrpc":"2.0","id":2,"method":"Test.Text"}`,
			`{"jsonrpc":"2.0","id":1,"result":""}{"jsonrpc":"2.0","id":2,"result":""}`},
		"white space before":         {"\r\n\t " + `{"jsonrpc":"2.0","id":1,"method":"Test.Text"}`, `{"jsonrpc":"2.0","id":1,"result":""}`},
		"a request and then garbage": {`{"jsonrpc":"2.0","id":1,"method":"Test.Text"} garbage`, `{"jsonrpc":"2.0","id":1,"result":""}{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}`},
		"an answer":                  {`{"jsonrpc":"2.0","id":1,"result":5}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600}}`},
		"a million levels":           {strings.Repeat("[", 1_000_000), `{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}`},
		"a batch in a batch":         {`[[{"jsonrpc":"2.0","id":1,"method":"Test.Text"}]]`, `[{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}]`},
		"1.0 in a batch":             {`[{"method":"Arith.Multiply","params":[{"A":7,"B":8}],"id":3}]`, `[{"id":3,"result":56,"error":null}]`},
		"a batch that is too long":   {`[` + strings.Repeat(`1,`, 5) + `1]`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}`},
		"a batch as long as allowed": {`[` + strings.Repeat(`{"jsonrpc":"2.0","method":"Test.Text"},`, 4) + `{"jsonrpc":"2.0","method":"Test.Text","id":1}]`, `[{"jsonrpc":"2.0","id":1,"result":""}]`},
		"half a request":             {`{"jsonrpc":"2.0","id":1,"met`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, normal(t, r.say(test.request)), normal(t, test.answer))
		})
	}
}

// TestBatchRunsAtOnce: the requests of a batch wait for each other without
// waiting for ever.
func TestBatchRunsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		all.Add(3)
		r := serve(t, wire.Limits{}, curlew.NewService("Test", curlew.Unary("Meet", func(_ context.Context, n *int) (*int, error) {
			all.Done()
			all.Wait()
			return n, nil
		})))
		got := r.say(`[{"jsonrpc":"2.0","id":1,"method":"Meet","params":[1]},{"jsonrpc":"2.0","method":"Meet","params":[2]},{"jsonrpc":"2.0","id":3,"method":"Meet","params":[3]}]`)
		assert.Equal(t, normal(t, got), normal(t, `[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":3,"result":3}]`))
	})
}
