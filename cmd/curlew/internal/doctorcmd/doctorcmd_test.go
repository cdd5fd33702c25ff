// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/server"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/doctorcmd"
)

// examine runs the command and returns its exit status and what it said.
func examine(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr}
	status = env.Run(t.Context(), env.Root("curlew", "", doctorcmd.New(env)), append([]string{"doctor"}, args...))
	return status, stdout.String() + stderr.String()
}

// expect runs the command and looks for the lines, each of which is all of what
// a line must contain, divided by bars.
func expect(t *testing.T, want int, args []string, lines ...string) {
	t.Helper()
	status, out := examine(t, args...)
	if status != want {
		t.Errorf("the exit status is %d, want %d", status, want)
	}
	for _, line := range lines {
		if !has(out, strings.Split(line, "|")) {
			t.Errorf("there is no line with %s", line)
		}
	}
	if t.Failed() {
		t.Logf("%v:\n%s", args, out)
	}
}

func has(out string, parts []string) bool {
lines:
	for line := range strings.Lines(out) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue lines
			}
		}
		return true
	}
	return false
}

func TestInOrder(t *testing.T) {
	address := serve(t)
	expect(t, 0, []string{address, "Arith/Multiply"},
		"ok|resolve|nothing to look up", "ok|dial|answers after", "ok|protocol|native, HTTP/2, HTTP/1.1",
		"ok|health|the server is serving", "ok|reflection|Arith", "ok|method|unary", "Calls of Arith/Multiply at|work, by the native protocol")
	expect(t, 0, []string{"--quiet", address})
	_, port, _ := net.SplitHostPort(address)
	expect(t, 0, []string{"localhost:" + port, "Arith.Multiply"}, "resolve|localhost is|127.0.0.1", "ok|method")
}

func TestMethodMissing(t *testing.T) {
	address := serve(t)
	expect(t, 1, []string{address, "Arith/Multiplx"}, `fail|method|Arith has no method "Multiplx"`, "Did you mean Arith/Multiply?", "do not work|method")
	expect(t, 1, []string{address, "Arit/Multiply"}, `fail|method|no service "Arit"`, "Did you mean Arith?")
	expect(t, 0, []string{serve(t, server.WithoutReflection()), "Arith/Multiply"}, "warn|reflection", "--proto", "warn|method", "work, by the native protocol; of Arith/Multiply nothing is known")
}

func TestHealth(t *testing.T) {
	h := health.New()
	h.Set("Arith", health.NotServing)
	address := serve(t, server.WithHealth(h))
	expect(t, 0, []string{address}, "ok|health|the server is serving")
	expect(t, 1, []string{address, "Arith/Multiply"}, "fail|health|Arith is not serving", "drains", "ok|method")
}

func TestNobodyThere(t *testing.T) {
	l := listen(t)
	l.Close()
	expect(t, 1, []string{l.Addr().String()}, "fail|dial|nothing listens", "Is the server running")
	expect(t, 1, []string{"127.0.0.1"}, "fail|address", "host:port")
	expect(t, 1, []string{"unix://" + filepath.Join(t.TempDir(), "none.sock")}, "fail|resolve|there is no file", "Start the server")
	expect(t, 1, []string{"nobody.invalid:1", "--timeout", "300ms"}, "fail|resolve|nobody.invalid")
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	defer func() { stop(); <-served }()
	expect(t, 0, []string{"unix://" + path}, "ok|resolve|Unix socket", "ok|protocol", "ok|health")
}

func TestSomethingElse(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(net.Conn)
		args  []string
		lines []string
	}{
		"mute":        {serve: mute, lines: []string{"fail|protocol|says nothing within 200ms", "it may hang"}},
		"mute to TLS": {serve: mute, args: []string{"--tls"}, lines: []string{"fail|tls|no answer to the TLS handshake within 200ms"}},
		"ssh":         {serve: banner("SSH-2.0-OpenSSH_9.9\r\n"), lines: []string{`fail|protocol|answers "SSH-2.0-OpenSSH_9.9\r\n": an SSH server`, "another kind of server"}},
		"ssh to TLS":  {serve: banner("SSH-2.0-OpenSSH_9.9\r\n"), args: []string{"--tls"}, lines: []string{"fail|tls|does not speak TLS|an SSH server"}},
		"closing":     {serve: func(net.Conn) {}, lines: []string{"fail|protocol|"}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, 1, append([]string{accept(t, c.serve), "--timeout", "200ms"}, c.args...), c.lines...)
		})
	}
}

func TestHTTP1Only(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	address := web.Listener.Addr().String()
	expect(t, 1, []string{address, "--timeout", "500ms"}, "fail|protocol|HTTP/1.1 only", "not the one for web pages")
	expect(t, 1, []string{address, "--tls"}, "fail|tls|does not speak TLS", "Leave --tls out")

	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	rpc := httptest.NewServer(s)
	defer rpc.Close()
	expect(t, 0, []string{rpc.Listener.Addr().String(), "--timeout", "1s"}, "warn|protocol|Connect calls work", "--protocol connect", "ok|health")
}

// TestNeverAccepted is of a server that hangs: the kernel alone answers for it.
func TestNeverAccepted(t *testing.T) {
	expect(t, 1, []string{listen(t).Addr().String(), "--timeout", "200ms"}, "ok|dial", "fail|protocol|says nothing within 200ms")
}

// TestNoBackend is of a proxy that has nobody to pass calls on to.
func TestNoBackend(t *testing.T) {
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	proxy.Config.Protocols = new(http.Protocols)
	proxy.Config.Protocols.SetUnencryptedHTTP2(true)
	proxy.Start()
	defer proxy.Close()
	expect(t, 1, []string{proxy.Listener.Addr().String()}, "ok|protocol|HTTP/2", "fail|health|503", "whether its backends run")
}

func TestTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	self := &authority{t: t}
	year := 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		config *tls.Config
		ca     string
		status int
		lines  []string
	}{
		"in order":  {ours.server(nil), ours.file, 0, []string{"ok|tls|TLS 1.3", "ok|names|localhost", "ok|dates", "ok|chain|Test Authority", "ok|alpn|selected curlew/1", "ok|protocol", "ok|health"}},
		"unknown":   {ours.server(nil), other.file, 1, []string{"fail|chain|not trusted", "--ca", "ok|names"}},
		"no --ca":   {ours.server(nil), "", 1, []string{"fail|chain|Test Authority", "--ca"}},
		"self made": {self.server(nil), ours.file, 1, []string{"fail|chain|signed by itself"}},
		"name": {ours.server(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"shop.example"}, nil }), ours.file, 1,
			[]string{"fail|names|for shop.example, not for 127.0.0.1", "--server-name shop.example", "ok|chain"}},
		"no names": {ours.server(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil }), ours.file, 1,
			[]string{"fail|names|no name at all"}},
		"expired": {ours.server(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-year), time.Now().AddDate(0, 0, -40)
		}), ours.file, 1,
			[]string{"fail|dates|expired|40 days ago", "Renew", "ok|chain"}},
		"future": {ours.server(func(c *x509.Certificate) { c.NotBefore = time.Now().AddDate(0, 0, 3) }), ours.file, 1,
			[]string{"fail|dates|not valid before", "clock"}},
		"soon": {ours.server(func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, 5) }), ours.file, 0,
			[]string{"warn|dates|expires"}},
		"client's": {ours.server(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), ours.file, 1,
			[]string{"fail|chain|not meant for servers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{serve(t, server.WithTLS(c.config)), "--tls"}
			if c.ca != "" {
				args = append(args, "--ca", c.ca)
			}
			expect(t, c.status, args, c.lines...)
		})
	}
}

func TestTLSForgotten(t *testing.T) {
	address := serve(t, server.WithTLS(newAuthority(t).server(nil)))
	expect(t, 1, []string{address}, "fail|protocol|speaks TLS, and was asked without", "--tls")
	expect(t, 1, []string{serve(t), "--tls", "--timeout", "1s"}, "fail|tls|", "Leave --tls out")
}

func TestTLSByName(t *testing.T) {
	a := newAuthority(t)
	address := serve(t, server.WithTLS(a.server(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"shop.example"}, nil })))
	expect(t, 0, []string{address, "--ca", a.file, "--server-name", "shop.example"}, "ok|names|shop.example", "ok|health")
	expect(t, 0, []string{"https://" + address, "--ca", a.file, "--server-name", "shop.example"}, "ok|health")
	expect(t, 0, []string{"http://" + serve(t)}, "ok|health")
	expect(t, 0, []string{address, "--insecure-skip-verify"}, "warn|names", "warn|chain", "ok|health")
}

func TestClientCertificateWanted(t *testing.T) {
	a := newAuthority(t)
	config := a.server(nil)
	config.ClientAuth = tls.RequireAnyClientCert
	expect(t, 1, []string{serve(t, server.WithTLS(config)), "--ca", a.file}, "fail|protocol|certificate required", "--cert and --key")
}

func TestNoALPN(t *testing.T) {
	a := newAuthority(t)
	config := a.server(nil)
	address := accept(t, func(conn net.Conn) {
		secured := tls.Server(conn, config)
		mute(secured)
	})
	expect(t, 1, []string{address, "--ca", a.file, "--timeout", "300ms"}, "warn|alpn|selected none", "fail|protocol|says nothing")
}

func TestJSON(t *testing.T) {
	_, out := examine(t, "--json", serve(t), "Arith/Nothing")
	var report struct {
		Address, Method string
		Works           *bool
		Steps           []struct{ Step, Verdict, Found, Advice string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	last := report.Steps[len(report.Steps)-1]
	if report.Works == nil || *report.Works || report.Method != "Arith/Nothing" || last.Step != "method" || last.Verdict != "fail" || last.Advice == "" {
		t.Errorf("the report is %s", out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"a:1", "b/c", "d"}, {"a:1", "nomethod"}, {"a:1", "--cert", "x.pem"}, {"a:1", "--timeout", "0s"}, {"a:1", "--ca", "none.pem"},
	} {
		expect(t, cli.UsageStatus, args, "curlew doctor --help")
	}
}
