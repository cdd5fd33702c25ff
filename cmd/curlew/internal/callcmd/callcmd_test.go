// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/callcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

// call runs `curlew call` with a standard input.
func call(t *testing.T, in string, args ...string) shoptest.Result {
	t.Helper()
	return shoptest.RunIn(t, strings.NewReader(in), new(cli.Env), callcmd.New, append([]string{"call"}, args...)...)
}

// want fails unless the command went well and printed out.
func want(t *testing.T, got shoptest.Result, out string) {
	t.Helper()
	if got.Status != 0 || got.Out != out || got.Err != "" {
		t.Errorf("got status %d, %q, on standard error %q; want %q", got.Status, got.Out, got.Err, out)
	}
}

// wantError fails unless the command failed so, with the texts on standard error.
func wantError(t *testing.T, got shoptest.Result, status int, texts ...string) {
	t.Helper()
	if got.Status != status {
		t.Errorf("status %d, want %d", got.Status, status)
	}
	for _, text := range texts {
		if !strings.Contains(got.Err, text) {
			t.Errorf("standard error has no %q", text)
		}
	}
	if t.Failed() {
		t.Logf("standard output: %s\nstandard error: %s", got.Out, got.Err)
	}
}

const (
	buy    = shoptest.Service + "/Buy"
	browse = shoptest.Service + "/Browse"
	fill   = shoptest.Service + "/Fill"
	haggle = shoptest.Service + "/Haggle"
)

// TestKinds makes a call of each kind by each protocol that has schemas.
func TestKinds(t *testing.T) {
	address := shoptest.Serve(t)
	for _, protocol := range []string{"auto", "native", "grpc", "grpc-web", "connect"} {
		for _, codec := range []string{"proto", "json"} {
			t.Run(protocol+"/"+codec, func(t *testing.T) {
				flags := []string{"--protocol", protocol, "--codec", codec}
				want(t, call(t, "", append(flags, address, buy, `{"sku":"a","count":2}`)...), `{"items":["a"],"total":"2"}`+"\n")
				want(t, call(t, "", append(flags, address, browse, `{"count":2}`)...), `{"sku":"sku","count":1}`+"\n"+`{"sku":"sku","count":2}`+"\n")
				want(t, call(t, "", append(flags, address, fill, `{"sku":"a"} {"sku":"b","count":1}`)...), `{"items":["a","b"],"total":"1"}`+"\n")
				want(t, call(t, "{\"sku\":\"a\"}\n{\"sku\":\"b\"}\n", append(flags, address, haggle)...), `{"sku":"a","count":1}`+"\n"+`{"sku":"b","count":1}`+"\n")
			})
		}
	}
}

func TestJSONRPC(t *testing.T) {
	address := shoptest.Serve(t)
	want(t, call(t, "", address, shoptest.Service+".Buy", `{"SKU":"a","Count":2}`, "--protocol", "jsonrpc"), `{"items":["a"],"total":2}`+"\n")
	got := call(t, "", address, shoptest.Service+".Fail", `{"code":5}`, "--protocol", "jsonrpc")
	wantError(t, got, 64+5, "not_found: as asked for")
}

func TestRequest(t *testing.T) {
	address := shoptest.Serve(t)
	file := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(file, []byte(`{"sku": "f"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, call(t, "ignored", address, buy), `{"items":[""]}`+"\n")
	want(t, call(t, `{"sku":"i"}`, address, buy, "-"), `{"items":["i"]}`+"\n")
	want(t, call(t, "", address, buy, "-"), `{"items":[""]}`+"\n")
	want(t, call(t, "", address, buy, "@"+file), `{"items":["f"]}`+"\n")
	want(t, call(t, "", address, shoptest.Service+".Buy", "{}", "--emit-defaults"), `{"items":[""],"total":"0"}`+"\n")

	wantError(t, call(t, "", address, buy, `{} {}`), 1, "message 2", "takes one message")
	wantError(t, call(t, "", address, buy, "{\n\"sku\" 1}"), 1, "the request: line 2, column 7: this is not JSON")
	wantError(t, call(t, "", address, buy, `{"sku":`), 1, "ends in the middle")
	wantError(t, call(t, "", address, buy, "@"+file+"x"), 1, "no such file")
	wantError(t, call(t, `{"sku":"a"}{"sku":1}`, address, fill, "-"), 1, `standard input: message 2: sku: expected a string, got the number 1`)
}

func TestTerminal(t *testing.T) {
	address := shoptest.Serve(t)
	env := &cli.Env{InTerminal: true, OutTerminal: true, ErrTerminal: true}
	in := "{\"sku\":\"a\"}\n\n{\"skuu\":\"b\"}\nno\n{\"count\":2}\n"
	got := shoptest.RunIn(t, strings.NewReader(in), env, callcmd.New, "call", address, haggle)
	if got.Status != 0 || got.Out != "{\n  \"sku\": \"a\",\n  \"count\": 1\n}\n{\n  \"count\": 3\n}\n" {
		t.Errorf("status %d, %q", got.Status, got.Out)
	}
	for _, text := range []string{"Ctrl-D", "line 3: skuu: ", "did you mean sku?", "line 4: this is not JSON"} {
		if !strings.Contains(got.Err, text) {
			t.Errorf("standard error has no %q: %s", text, got.Err)
		}
	}
}

// TestDialogue types when the reply to what was typed is there, and finds the
// call over though the input goes on.
func TestDialogue(t *testing.T) {
	address := shoptest.Serve(t)
	in, typed := io.Pipe()
	printed, out := io.Pipe()
	env := &cli.Env{In: in, Out: out, Err: io.Discard}
	ended := make(chan int, 1)
	go func() {
		ended <- env.Run(t.Context(), env.Root("curlew", "", callcmd.New(env)), []string{"call", address, haggle, "-"})
		out.Close()
	}()
	replies := json.NewDecoder(printed)
	for range 3 {
		if _, err := io.WriteString(typed, `{"count": 1}`+"\n"); err != nil {
			t.Fatal(err)
		}
		var reply struct{ Count int }
		if err := replies.Decode(&reply); err != nil || reply.Count != 2 {
			t.Fatalf("got %v, %v", reply, err)
		}
	}
	typed.Close()
	if status := <-ended; status != 0 {
		t.Errorf("status %d", status)
	}

	open, typing := io.Pipe()
	defer typing.Close() // ends the reader that is left behind
	got := shoptest.RunIn(t, open, new(cli.Env), callcmd.New, "call", address, shoptest.Service+"/Refuse", "-")
	wantError(t, got, 64+7, "permission_denied: closed")
}

func TestExitStatus(t *testing.T) {
	address := shoptest.Serve(t)
	for code := curlew.Canceled; code <= curlew.Unauthenticated; code++ {
		request, _ := json.Marshal(map[string]int{"code": int(code)})
		for _, protocol := range []string{"native", "grpc", "connect"} {
			got := call(t, "", address, shoptest.Service+"/Fail", string(request), "--protocol", protocol)
			wantError(t, got, 64+int(code), "curlew: "+shoptest.Service+"/Fail: "+code.String()+": as asked for",
				"\n  google.protobuf.Timestamp \"1970-01-01T00:00:00Z\"\n", "\n  shop.v1.Secret \"YWJj\"")
		}
	}
}

func TestTimeout(t *testing.T) {
	address := shoptest.Serve(t)
	got := call(t, "", address, shoptest.Service+"/Wait", "{}", "--timeout", "30ms")
	wantError(t, got, 64+4, "deadline_exceeded")
}

func TestInterrupt(t *testing.T) {
	address := shoptest.Serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	var stderr strings.Builder
	in, typed := io.Pipe()
	defer typed.Close()
	printed, out := io.Pipe()
	env := &cli.Env{In: in, Out: out, Err: &stderr}
	ended := make(chan int, 1)
	go func() {
		ended <- env.Run(ctx, env.Root("curlew", "", callcmd.New(env)), []string{"call", address, haggle, "-"})
	}()
	if _, err := io.WriteString(typed, "{}"+"\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAtLeast(printed, make([]byte, 64), 3); err != nil { // the call is in flight
		t.Fatal(err)
	}
	cancel()
	if status := <-ended; status != 64+1 || !strings.Contains(stderr.String(), "canceled") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
}

func TestVerbose(t *testing.T) {
	address := shoptest.Serve(t)
	for _, protocol := range []string{"native", "grpc", "grpc-web", "connect"} {
		got := call(t, "", address, buy, "{}", "-v", "-H", "X-Name: Ada", "--protocol", protocol)
		if got.Status != 0 {
			t.Errorf("%s: status %d", protocol, got.Status)
		}
		for _, line := range []string{
			"* connected to " + address + " by " + protocol + "\n", "> " + buy + " (unary)\n", "> X-Name: Ada\n",
			"< x-hello: Ada\n", "< x-bye: soon (trailer)\n", "* peer " + address + "\n", "* ok; connected in ", "first byte after ",
		} {
			if !strings.Contains(got.Err, line) {
				t.Errorf("%s: there is no %q in\n%s", protocol, line, got.Err)
			}
		}
	}
}

func TestJSONOutcome(t *testing.T) {
	address := shoptest.Serve(t)
	var doc struct {
		Method, Protocol, Peer string
		Header, Trailer        []struct{ Name, Value string }
		Replies                []json.RawMessage
		Status                 struct {
			Code    string
			Number  int
			Message string
			Details []struct {
				Type  string
				Value json.RawMessage
			}
		}
		Timings map[string]float64 `json:"timings_ms"`
	}
	got := call(t, "", address, buy, "{}", "--json")
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil || got.Status != 0 || got.Err != "" {
		t.Fatalf("%v: %+v", err, got)
	}
	if doc.Method != buy || doc.Protocol != "native" || doc.Peer != address || len(doc.Replies) != 1 || doc.Status.Code != "ok" ||
		len(doc.Trailer) != 1 || doc.Trailer[0].Value != "soon" || doc.Timings["total"] <= 0 {
		t.Errorf("got %s", got.Out)
	}
	got = call(t, "", address, shoptest.Service+"/Fail", `{"code": 9}`, "--json")
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil || got.Status != 64+9 || got.Err != "" {
		t.Fatalf("%v: %+v", err, got)
	}
	if doc.Status.Code != "failed_precondition" || doc.Status.Number != 9 || len(doc.Status.Details) != 2 || len(doc.Replies) != 0 {
		t.Errorf("got %s", got.Out)
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, test := range []struct {
		args []string
		text string
	}{
		{[]string{"localhost:1"}, "needs the server's address and a method"},
		{[]string{"localhost:1", "a", "b", "c"}, `"c" is too much`},
		{[]string{"localhost:1", "a/b", "--codec", "xml"}, "use proto or json"},
		{[]string{"localhost:1", "a/b", "--compression", "lz"}, "use gzip"},
		{[]string{"localhost:1", "a/b", "--protocol", "soap"}, "auto, native, grpc"},
		{[]string{"localhost:1", "a/b", "-H", "nothing"}, `write "name: value"`},
		{[]string{"localhost:1", "a/b", "--cert", "x"}, "belong together"},
		{[]string{"localhost", "a/b"}, "missing port"},
		{[]string{"http://localhost:1/path", "a/b"}, "path"},
	} {
		wantError(t, call(t, "", test.args...), cli.UsageStatus, test.text)
	}
}

func TestUnknownMethod(t *testing.T) {
	address := shoptest.Serve(t)
	wantError(t, call(t, "", address, shoptest.Service+"/By"), 1, "Did you mean Buy?")
	wantError(t, call(t, "", address, "shop.v1.Shp/Buy"), 1, "Did you mean "+buy+"?")
	wantError(t, call(t, "", address, "Buy"), 1, "Did you mean "+buy+"?")
	wantError(t, call(t, "", address, "nothing.like/It"), 1, "Its services are grpc.health.v1.Health, "+shoptest.Service)
}
