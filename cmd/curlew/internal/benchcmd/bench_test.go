// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/server"
)

type item struct {
	SKU string `json:"sku"`
	N   int    `json:"n"`
}

// shop is a service of all four kinds. It counts what it is asked for.
type shop struct {
	added, odd atomic.Int64
	skus       [3]atomic.Int64 // "a", "b", "c"
}

func (s *shop) note(i *item) {
	if len(i.SKU) == 1 && i.SKU >= "a" && i.SKU <= "c" {
		s.skus[i.SKU[0]-'a'].Add(1)
	}
}

func (s *shop) service() *curlew.Service {
	return curlew.NewService("shop.Cart",
		curlew.Unary("Add", func(_ context.Context, i *item) (*item, error) {
			s.added.Add(1)
			s.note(i)
			if i.N%2 == 1 {
				s.odd.Add(1)
				return nil, curlew.Errorf(curlew.OutOfRange, "%d is odd", i.N)
			}
			return i, nil
		}),
		curlew.ServerStream("List", func(ctx context.Context, i *item, out curlew.Sender[item]) error {
			for range i.N {
				if err := out.Send(ctx, i); err != nil {
					return err
				}
			}
			return nil
		}),
		curlew.ClientStream("AddAll", func(ctx context.Context, in curlew.Receiver[item]) (*item, error) {
			total := new(item)
			for i, err := range in.All(ctx) {
				if err != nil {
					return nil, err
				}
				s.note(i)
				total.N++
			}
			return total, nil
		}),
		curlew.BidiStream("Talk", func(ctx context.Context, both curlew.Bidi[item, item]) error {
			for i, err := range both.All(ctx) {
				if err != nil {
					return err
				}
				if err := both.Send(ctx, i); err != nil {
					return err
				}
			}
			return nil
		}),
	)
}

// serve starts a server of a shop, until the test's end.
func serve(t *testing.T) (*shop, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	shop := new(shop)
	if err := s.Register(shop.service()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return shop, ln.Addr().String()
}

// bench runs the command.
func bench(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(`{"sku":"c"}`), Out: &stdout, Err: &stderr}
	status = env.Run(t.Context(), env.Root("curlew", "", benchcmd.New(env)), append([]string{"bench"}, args...))
	return status, stdout.String(), stderr.String()
}

// measure runs the command and returns the result.
func measure(t *testing.T, args ...string) *result.Result {
	t.Helper()
	status, out, errs := bench(t, append(args, "--json")...)
	r := new(result.Result)
	if err := json.Unmarshal([]byte(out), r); err != nil || status != 0 || errs != "" {
		t.Fatalf("%v: status %d, %v\n%s%s", args, status, err, out, errs)
	}
	return r
}

func TestProtocols(t *testing.T) {
	shop, address := serve(t)
	for _, c := range [][]string{
		{"native"}, {"grpc"}, {"grpc-web"}, {"connect"}, {"jsonrpc"}, {"auto"},
		{"native", "--codec", "json"}, {"grpc", "--codec", "json", "--compression", "gzip"}, {"connect", "--check"}, {"grpc", "--codec", "json", "--check"},
	} {
		shop.added.Store(0)
		args := []string{address, "shop.Cart/Add", `{"sku":"a","n":2}`, "-n", "200", "-c", "4", "--connections", "2", "--protocol"}
		r := measure(t, append(args, c...)...)
		if shop.added.Load() != 200 || r.Calls != 200 || r.Errors != 0 || r.Received != 200 || r.Bytes < 200*4 {
			t.Errorf("%v: %d calls arrived; %d calls, %d errors, %d replies, %d bytes", c, shop.added.Load(), r.Calls, r.Errors, r.Received, r.Bytes)
		}
		if want := c[0]; want != "auto" && r.Protocol != want && r.Protocol != "http" || r.Settings.Connections != 2 {
			t.Errorf("%v: %s with %d connections", c, r.Protocol, r.Settings.Connections)
		}
	}
}

func TestKinds(t *testing.T) {
	_, address := serve(t)
	for _, c := range []struct {
		args           []string
		sent, received int64 // of a call
	}{
		{[]string{"shop.Cart/List", `{"n":5}`}, 1, 5},
		{[]string{"shop.Cart/AddAll", `{"n":1}`, "--messages", "7"}, 7, 1},
		{[]string{"shop.Cart/AddAll", `{"sku":"a"} {"sku":"b"} {"sku":"c"}`}, 3, 1},
		{[]string{"shop.Cart/AddAll", `{"n":{{.Message}}}`, "--messages", "4"}, 4, 1},
		{[]string{"shop.Cart.Talk", `{"n":1}`, "--messages", "300", "--check"}, 300, 300},
	} {
		for _, protocol := range []string{"native", "grpc"} {
			r := measure(t, append([]string{address, "-n", "50", "-c", "5", "--protocol", protocol}, c.args...)...)
			if r.Calls != 50 || r.Errors != 0 || r.Sent != 50*c.sent || r.Received != 50*c.received {
				t.Errorf("%s %v: %d calls, %d errors, %d sent, %d received: %v", protocol, c.args, r.Calls, r.Errors, r.Sent, r.Received, r.Failed)
			}
		}
	}
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRequests(t *testing.T) {
	rows := "sku,n\na,0\na,2\nb,4\n"
	for _, c := range []struct {
		args []string
		want [3]int64 // of a, b and c among 90 calls
	}{
		{[]string{`{"sku":"b"}`}, [3]int64{0, 90, 0}},
		{[]string{"@" + file(t, "r.json", `{"sku":"b"}`)}, [3]int64{0, 90, 0}},
		{[]string{"-"}, [3]int64{0, 0, 90}},
		{[]string{"--data", file(t, "rows.ndjson", `{"sku":"a"}`+"\n"+`{"sku":"b"}`)}, [3]int64{45, 45, 0}},
		{[]string{`{"sku":{{json .Row.sku}},"n":{{.Row.n}}}`, "--data", file(t, "rows.csv", rows)}, [3]int64{60, 30, 0}},
		{[]string{`{"sku":"{{pick "a" "a"}}","n":{{randInt 0 0}}}`}, [3]int64{90, 0, 0}},
	} {
		shop, address := serve(t)
		r := measure(t, append([]string{address, "shop.Cart/Add", "-n", "90", "-c", "3"}, c.args...)...)
		if r.Errors > 0 {
			t.Errorf("%v: %v", c.args, r.Failed)
		}
		for i, want := range c.want {
			if got := shop.skus[i].Load(); got != want {
				t.Errorf("%v: %d calls for %c, want %d", c.args, got, 'a'+i, want)
			}
		}
	}
}

func TestMix(t *testing.T) {
	mix := file(t, "mix.yaml", `
calls:
  - {method: shop.Cart/Add, weight: 3, request: {sku: a, n: 2}}
  - {method: shop.Cart/AddAll, request: '{"sku":"b"}', messages: 2}
`)
	for _, args := range [][]string{
		{"--mix", mix},
		{"--call", `shop.Cart/Add=3 {"sku":"a"}`, "--call", `shop.Cart/AddAll {"sku":"b"} {"sku":"b"}`},
	} {
		shop, address := serve(t)
		r := measure(t, append([]string{address, "-n", "80", "-c", "2"}, args...)...)
		if len(r.Methods) != 2 || r.Methods[0].Calls != 60 || r.Methods[1].Calls != 20 || shop.skus[0].Load() != 60 || shop.skus[1].Load() != 40 {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestOpenLoop(t *testing.T) {
	_, address := serve(t)
	r := measure(t, address, "shop.Cart/Add", "--rate", "500", "-d", "400ms")
	if r.Calls != 200 || r.Behind == nil || r.Behind.Due != 200 || r.Settings.Load != "500/s for 400ms" {
		t.Errorf("%d calls, %+v", r.Calls, r.Behind)
	}
	r = measure(t, address, "shop.Cart/Add", "--ramp", "100:300:200ms,400:100ms")
	if r.Calls != 80 || r.Behind == nil || r.Behind.Due != 80 {
		t.Errorf("%d calls, %+v", r.Calls, r.Behind)
	}
}

func TestFailures(t *testing.T) {
	_, address := serve(t)
	status, out, errs := bench(t, address, "shop.Cart/Add", `{"n":{{.Seq}}}`, "-n", "100", "-c", "2")
	if status != 0 || errs != "" || !strings.Contains(out, "out_of_range") || !strings.Contains(out, "1 × out_of_range: 1 is odd") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	status, out, errs = bench(t, address, "shop.Cart/Add", `{"n":1}`, "-n", "10", "-c", "2")
	if status != 1 || !strings.Contains(errs, "no call was answered") || !strings.Contains(out, "10 × out_of_range") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

func TestWrongCommandLines(t *testing.T) {
	_, address := serve(t)
	broken := file(t, "mix.yaml", "calls: [{methud: x}]")
	const method = "shop.Cart/Add"
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{}, 1, "between 1 and 3"},
		{[]string{address}, 2, "no method is given"},
		{[]string{address, "shop.Cart/Ad"}, 1, "Did you mean Add"},
		{[]string{address, method, "{"}, 1, "no JSON"},
		{[]string{address, method, `{"nn":1}`}, 1, `does not fit shop.Cart/Add: nn: `},
		{[]string{address, method, `{"n":"x"}`}, 1, `n: expected an int64, got the string "x"`},
		{[]string{address, method, `{"n":"{{pick "x"}}"}`}, 1, `does not fit shop.Cart/Add`},
		{[]string{address, method, `{} {}`}, 1, "one request a call, and 2 are given"},
		{[]string{address, method, "@/nowhere.json"}, 1, "/nowhere.json"},
		{[]string{address, method, "--data", "/nowhere.csv"}, 1, "/nowhere.csv"},
		{[]string{address, method, "--out", "/nowhere/a.json"}, 1, "no folder /nowhere"},
		{[]string{address, method, "--rate", "5", "--ramp", "1:2:3s"}, 2, "one of the two"},
		{[]string{address, method, "--ramp", "x"}, 2, "neither FROM:TO:DURATION"},
		{[]string{address, method, "--ramp", "1:2:3s", "-d", "1s"}, 2, "its own length"},
		{[]string{address, method, "--rate", "1e9"}, 2, "is no rate"},
		{[]string{address, method, "-c", "-1"}, 2, "--callers -1"},
		{[]string{address, method, "--connections", "0"}, 2, "--connections 0"},
		{[]string{address, method, "-d", "-1s"}, 2, "below zero"},
		{[]string{address, method, "--messages", "-1"}, 2, "--messages -1"},
		{[]string{address, method, "--call", "x"}, 2, "leave out shop.Cart/Add"},
		{[]string{address, "--call", "x=many"}, 2, "is no whole number"},
		{[]string{address, "--call", "x=0"}, 2, "not from 1 to"},
		{[]string{address, "--mix", broken}, 1, "field methud not found"},
		{[]string{address, "--mix", file(t, "none.yaml", "")}, 1, "no calls in it"},
		{[]string{address, method, "--protocol", "jsonrpc", "--check"}, 1, "leave it out"},
		{[]string{address, method, "--protocol", "smoke"}, 2, "smoke"},
		{[]string{address, method, "--codec", "xml"}, 1, "xml"},
		{[]string{"127.0.0.1:1", method}, 78, "start the server"},
	} {
		status, out, errs := bench(t, c.args...)
		if status != c.status || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: status %d, want %d and %q\n%s%s", c.args, status, c.status, c.want, out, errs)
		}
	}
}

func TestFilesAndCompare(t *testing.T) {
	_, address := serve(t)
	folder := t.TempDir()
	out, html := filepath.Join(folder, "a.json"), filepath.Join(folder, "a.html")
	status, text, errs := bench(t, address, "shop.Cart/Add", "-d", "500ms", "--warmup", "50ms", "--out", out, "--html", html)
	if status != 0 || errs != "" || !strings.Contains(text, "calls/s") || !strings.Contains(text, "after 0.05s of warm-up") {
		t.Fatalf("status %d\n%s%s", status, text, errs)
	}
	if page, err := os.ReadFile(html); err != nil || !bytes.Contains(page, []byte("<svg")) {
		t.Errorf("the report: %v", err)
	}
	status, text, errs = bench(t, "compare", out, out+","+out+","+out, "--fail-on-regression")
	if status != 0 || errs != "" || strings.Count(text, "no difference") < 5 || strings.Contains(text, "worse") {
		t.Errorf("status %d\n%s%s", status, text, errs)
	}

	for _, c := range [][]string{{out, html}, {out, "/nowhere.json"}, {out}, {out, out, "--threshold", "-1"}, {out, out, "--confidence", "1"}} {
		if status, text, errs := bench(t, append([]string{"compare"}, c...)...); status == 0 || errs == "" {
			t.Errorf("%v: %s%s", c, text, errs)
		}
	}
}

// even is a run whose calls took about d, written to a file.
func even(t *testing.T, d time.Duration) string {
	t.Helper()
	r := &result.Result{Format: result.Format}
	for i := range 20 {
		r.Intervals = append(r.Intervals, result.Interval{At: float64(i), Width: 1, Calls: int64(time.Minute / d), Latency: result.Distribution{
			{Value: d - d/4, Count: 100 + int64(i%3)}, {Value: d, Count: 100}, {Value: 2 * d, Count: 10},
		}})
	}
	path := filepath.Join(t.TempDir(), d.String()+".json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRegressions(t *testing.T) {
	base, slow := even(t, time.Millisecond), even(t, 2*time.Millisecond)
	status, text, errs := bench(t, "compare", base, slow, base, "--fail-on-regression")
	if status != 3 || !strings.Contains(errs, "there are regressions") || strings.Count(text, "worse") < 4 || !strings.Contains(text, "+100.0 %") {
		t.Errorf("status %d\n%s%s", status, text, errs)
	}
	status, text, errs = bench(t, "compare", slow, base, "--fail-on-regression")
	if status != 0 || errs != "" || strings.Count(text, "better") < 4 {
		t.Errorf("status %d\n%s%s", status, text, errs)
	}
	status, text, _ = bench(t, "compare", base, slow, "--json")
	var all []struct {
		Findings []struct{ Metric, Verdict string }
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil || status != 0 || len(all) != 1 || all[0].Findings[0].Verdict != "worse" {
		t.Errorf("status %d, %v\n%s", status, err, text)
	}
}

// TestResultCannotBeWritten makes a file impossible that was possible before the
// run: the result is printed all the same.
func TestResultCannotBeWritten(t *testing.T) {
	_, address := serve(t)
	taken := filepath.Join(t.TempDir(), "a.json")
	if err := os.Mkdir(taken, 0o755); err != nil {
		t.Fatal(err)
	}
	status, text, errs := bench(t, address, "shop.Cart/Add", "-n", "5", "--out", taken)
	if status != 1 || !strings.Contains(errs, "was not written") || !strings.Contains(text, "calls/s") {
		t.Errorf("status %d\n%s%s", status, text, errs)
	}
}

// signal is a writer that tells when something was written.
type signal struct {
	bytes.Buffer
	wrote func()
}

func (s *signal) Write(b []byte) (int, error) {
	n, err := s.Buffer.Write(b)
	s.wrote()
	return n, err
}

func TestLiveViewAndInterrupt(t *testing.T) {
	_, address := serve(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var out bytes.Buffer
	view := new(signal)
	lines := 0
	view.wrote = func() {
		if lines++; lines == 3 {
			cancel(errors.New("interrupted"))
		}
	}
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: view, ErrTerminal: true}
	status := env.Run(ctx, env.Root("curlew", "", benchcmd.New(env)), []string{"bench", address, "shop.Cart/Add", "-c", "2", "-d", "1h"})
	if status != 0 || !strings.Contains(out.String(), "Interrupted") || !strings.Contains(out.String(), "calls/s") || strings.Contains(out.String(), "canceled") {
		t.Errorf("status %d\n%s", status, out.String())
	}
	if shown := view.String(); !strings.Contains(shown, "░") || !strings.Contains(shown, "p99") || !strings.HasSuffix(shown, "\r\x1b[K") {
		t.Errorf("the view: %q", shown)
	}
}

func TestQuietHasNoView(t *testing.T) {
	_, address := serve(t)
	var out, errs bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs, ErrTerminal: true}
	status := env.Run(t.Context(), env.Root("curlew", "", benchcmd.New(env)), []string{"bench", address, "shop.Cart/Add", "-n", "10", "-q"})
	if status != 0 || errs.Len() > 0 || out.Len() == 0 {
		t.Errorf("status %d, %q", status, errs.String())
	}
}
