// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
)

// dial connects and makes a call.
func dial(t *testing.T, f *target.Flags, address string) (*target.Client, error) {
	t.Helper()
	c, err := f.Dial(t.Context(), address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	return c, nil
}

func onlyGRPC() server.Option {
	return server.WithFramings(h2.New([]wire.HTTPProtocol{grpc.NewServer([]curlew.Codec{proto.New()})}))
}

func TestAuto(t *testing.T) {
	for _, test := range []struct {
		want    string
		options []server.Option
	}{
		{target.Native, nil},
		{target.GRPC, []server.Option{onlyGRPC()}},
	} {
		for _, secure := range []bool{false, true} {
			options := test.options
			var flags target.Flags
			if secure {
				config, ca := certificate(t)
				options = append(options, server.WithTLS(config))
				flags.CA, flags.ServerName = ca, "example.com"
			}
			c, err := dial(t, &flags, shoptest.Serve(t, options...))
			if err != nil {
				t.Errorf("%s, TLS %v: %v", test.want, secure, err)
				continue
			}
			if c.Protocol != test.want {
				t.Errorf("chose %s, want %s (TLS %v)", c.Protocol, test.want, secure)
			}
			src, err := source.Reflect(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			d, err := src.Method(shoptest.Service + "/Buy")
			if err != nil {
				t.Fatal(err)
			}
			m := target.Method(d)
			if m.Kind() != curlew.KindUnary || m.Idempotency() != curlew.Idempotent {
				t.Errorf("the method is %v, %v", m.Kind(), m.Idempotency())
			}
			reply := dynamicpb.NewMessage(d.Output())
			if err := c.Invoke(t.Context(), m, dynamicpb.NewMessage(d.Input()), reply); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestHTTP1 calls a server that speaks no other HTTP.
func TestHTTP1(t *testing.T) {
	address := shoptest.Serve(t, server.WithFramings(h1.New([]wire.HTTPProtocol{connect.NewServer([]curlew.Codec{proto.New()})})))
	flags := target.Flags{Protocol: target.Connect}
	c, err := dial(t, &flags, address)
	if err != nil {
		t.Fatal(err)
	}
	var reply shoptest.Receipt
	if err := c.Call(t.Context(), shoptest.Service+"/Buy", &shoptest.Item{SKU: "a"}, &reply); err != nil || len(reply.Items) != 1 {
		t.Errorf("%v, %v", reply, err)
	}
	_, err = dial(t, new(target.Flags), address)
	wantAdvice(t, err, "--protocol connect")
}

// TestGobsNotOffered is about commands that cannot make Go values.
func TestGobsNotOffered(t *testing.T) {
	for _, protocol := range []string{target.NetRPC, target.NetRPCHTTP} {
		_, err := dial(t, &target.Flags{Protocol: protocol}, "127.0.0.1:1")
		if err == nil || !strings.Contains(err.Error(), "use one of auto, native") {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}

func TestHTTPS(t *testing.T) {
	config, _ := certificate(t)
	address := shoptest.Serve(t, server.WithTLS(config))
	c, err := dial(t, &target.Flags{Insecure: true}, "https://"+address+"/")
	if err != nil {
		t.Fatal(err)
	}
	if c.Protocol != target.Native {
		t.Errorf("chose %s", c.Protocol)
	}
	_, err = dial(t, new(target.Flags), "https://"+address)
	wantAdvice(t, err, "--insecure-skip-verify")
}

func TestUnixSocket(t *testing.T) {
	folder, err := os.MkdirTemp("", "curlew") // t.TempDir's is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "s")
	_, err = dial(t, new(target.Flags), "unix://"+path)
	wantAdvice(t, err, "no such socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	shoptest.ServeListener(t, l)
	if _, err := dial(t, new(target.Flags), "unix://"+path); err != nil {
		t.Error(err)
	}
}

// wantAdvice fails unless err is that of an unavailable server and has the text.
func wantAdvice(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "cannot connect to ") || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %q", err, text)
	}
}

func TestAdvice(t *testing.T) {
	refused := listen(t)
	refused.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	config, ca := certificate(t)
	strict := shoptest.Serve(t, onlyGRPC(), server.WithTLS(config))
	plain := shoptest.Serve(t)
	ssh := accept(t, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n") })
	for _, test := range []struct {
		name, address string
		flags         target.Flags
		text          string
	}{
		{"refused", refused.Addr().String(), target.Flags{}, "Nothing listens there"},
		{"no host", "no-such-host.invalid:80", target.Flags{}, "no-such-host.invalid"},
		{"web", web.Listener.Addr().String(), target.Flags{}, "HTTP/1.1"},
		{"TLS web", secure.Listener.Addr().String(), target.Flags{}, "add --tls"},
		{"TLS server", strict, target.Flags{}, "add --tls"},
		{"unknown authority", strict, target.Flags{TLS: true}, "--ca FILE"},
		{"another name", strict, target.Flags{CA: ca, ServerName: "other.example"}, "--server-name"},
		{"plain server", plain, target.Flags{TLS: true}, "leave out --tls"},
		{"native at gRPC", shoptest.Serve(t, onlyGRPC()), target.Flags{Protocol: target.Native}, "--protocol grpc"},
		{"SSH", ssh, target.Flags{}, "SSH-2.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := dial(t, &test.flags, test.address)
			wantAdvice(t, err, test.text)
		})
	}
}

// TestSilence connects to a server that never says anything.
func TestSilence(t *testing.T) {
	silent := accept(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	_, err := dial(t, &target.Flags{ConnectTimeout: 50 * time.Millisecond}, silent)
	wantAdvice(t, err, "says nothing")
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(target.Flags).Dial(ctx, "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestExitStatus(t *testing.T) {
	for code, want := range map[curlew.Code]int{curlew.OK: 0, curlew.Canceled: 65, curlew.Unauthenticated: 80, 99: 66} {
		if got := target.ExitStatus(code); got != want {
			t.Errorf("%v: %d, want %d", code, got, want)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	config, ca := certificate(t)
	leaf := config.Certificates[0]
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config.ClientAuth = tls.RequireAnyClientCert
	address := shoptest.Serve(t, server.WithTLS(config))
	if _, err := dial(t, &target.Flags{CA: ca, ServerName: "example.com", Cert: cert, Key: key}, address); err != nil {
		t.Error(err)
	}
	_, err = dial(t, &target.Flags{CA: ca, ServerName: "example.com"}, address)
	wantAdvice(t, err, "--cert FILE")
}

func TestWrongFlags(t *testing.T) {
	for text, flags := range map[string]target.Flags{
		"there is no such protocol": {Protocol: "soap"},
		"give both":                 {Cert: "x"},
		"--ca no-such.pem":          {CA: "no-such.pem"},
		"--cert no-such.pem":        {Cert: "no-such.pem", Key: "no-such.key"},
		`write "name: value"`:       {Headers: []string{"x"}},
		"--header: ":                {Headers: []string{"a b: c"}},
	} {
		if _, err := dial(t, &flags, "localhost:1"); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
	for _, flags := range []target.Flags{{Codec: "xml"}, {Compression: "lz"}} {
		if _, err := flags.CallOptions(); err == nil {
			t.Errorf("%+v is taken", flags)
		}
	}
}

func TestCallOptions(t *testing.T) {
	flags := target.Flags{Codec: "json", Compression: "gzip", Timeout: time.Minute}
	opts, err := flags.CallOptions()
	if err != nil {
		t.Fatal(err)
	}
	if o := curlew.NewCallOptions(opts...); o.Codec.Name() != "json" || o.Compression != "gzip" {
		t.Errorf("got %+v", o)
	}
	ctx, cancel := flags.Context(t.Context())
	defer cancel()
	if _, ok := ctx.Deadline(); !ok {
		t.Error("there is no deadline")
	}
}

// TestSchemes looks at what becomes of an address by what the error names.
func TestSchemes(t *testing.T) {
	for address, text := range map[string]string{
		"https://no-such-host.invalid":      "no-such-host.invalid:443",
		"http://no-such-host.invalid/":      "no-such-host.invalid:80",
		"http://no-such-host.invalid:8080/": "no-such-host.invalid:8080",
		"https://no-such-host.invalid/a":    "there is a path",
	} {
		_, err := dial(t, &target.Flags{ConnectTimeout: 5 * time.Second}, address)
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v, want %q", address, err, text)
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// accept hands each connection to f, and closes it when f returns or the test
// ends.
func accept(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l := listen(t)
	ended := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f(conn)
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// certificate returns httptest's, which is for example.com and 127.0.0.1, and a
// file with its authority.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: s.TLS.Certificates}, ca
}
