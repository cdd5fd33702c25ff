// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"net"
	"os/exec"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
)

// TestCurl: the line of the documentation works as it stands, and so do its
// errors.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	d := arith(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{h1.New([]wire.HTTPProtocol{newServer()})}})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(t.Context(), d) }()
	defer func() {
		source.Close()
		assert.NoError(t, <-served)
	}()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-d", `{"A":7,"B":8}`, "/Arith/Multiply"}, `{"C":56} 200`},
		{[]string{"--json", `{"A":7,"B":8}`, "--compressed", "/Arith/Multiply"}, `{"C":56} 200`},
		{[]string{"--http1.0", "-d", `{"A":7,"B":8}`, "/Arith/Multiply"}, `{"C":56} 200`},
		{[]string{"-d", `{}`, "/Arith/Divide"}, `{"code":"failed_precondition","message":"divide by zero","details":[{"type":"google.protobuf.Duration","value":"EAc"}]} 400`},
		{[]string{"/Arith/Multiply"}, `{"code":"unknown","message":"Arith/Multiply is called by POST, not by GET"}` + "\n 405"},
		{[]string{"-d", "{}", "-H", "Origin: https://evil.example", "/Arith/Multiply"}, `{"code":"unknown","message":"the content type \"application/x-www-form-urlencoded\" is taken for JSON ` +
			`from tools such as curl only, not from a browser; known here: application/json, application/proto"}` + "\n 415"},
		{[]string{"/elsewhere"}, "404 not found: nothing here answers GET \"/elsewhere\". What is taken here over HTTP: connect.\n 404"},
	} {
		args := append([]string{"-s", "-w", " %{http_code}"}, test.args...)
		args[len(args)-1] = "http://" + l.Addr().String() + args[len(args)-1]
		out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
		assert.NoError(t, err, string(out))
		assert.Equal(t, string(out), test.want, test.args)
	}
}
