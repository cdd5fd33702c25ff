// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package transport_test

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/transport"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ in, network, address, text string }{
		{":8080", "tcp", ":8080", ":8080"},
		{"localhost:8080", "tcp", "localhost:8080", "localhost:8080"},
		{"127.0.0.1:0", "tcp", "127.0.0.1:0", "127.0.0.1:0"},
		{"[::1]:65535", "tcp", "[::1]:65535", "[::1]:65535"},
		{"[fe80::1%eth0]:1", "tcp", "[fe80::1%eth0]:1", "[fe80::1%eth0]:1"},
		{"tcp://example.com:443", "tcp", "example.com:443", "example.com:443"},
		{"unix:///tmp/x.sock", "unix", "/tmp/x.sock", "unix:///tmp/x.sock"},
		{"unix:/tmp/x.sock", "unix", "/tmp/x.sock", "unix:///tmp/x.sock"},
		{"unix:x.sock", "unix", "x.sock", "unix:x.sock"},
		{"unix:@name", "unix", "@name", "unix:@name"},
	}
	for _, test := range tests {
		a, err := transport.ParseAddress(test.in)
		if err != nil || a.Network != test.network || a.Address != test.address || a.String() != test.text {
			t.Errorf("ParseAddress(%q) = %+v, %v, text %q", test.in, a, err, a)
		}
	}
}

func TestParseAddressErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "empty"},
		{"localhost", `missing port in address; write it behind a colon: "localhost:8080"`},
		{"localhost:", "not a number"},
		{"[::1]", "missing port"},
		{"[::1", "missing ']'"},
		{"::1:8080", `"[::1]:8080"`},
		{"localhost:http", `port "http" is not a number`},
		{"localhost:65536", "0 to 65535"},
		{"localhost:-1", "0 to 65535"},
		{"local host:80", "not the name of a host"},
		{"user@host:80", "not the name of a host"},
		{"http://localhost:80", `unknown scheme "http"`},
		{"dns:///greeter:80", `unknown scheme "dns"`},
		{"tcp://localhost", "missing port"},
		{"unix://", `begins with "/"`},
		{"unix://tmp/x", `for a relative one write "unix:path"`},
		{"unix:///", "the path of the socket is missing"},
		{"unix:", "the path of the socket is missing"},
		{"unix:///a\x00b", "zero byte"},
		{"unix:///" + strings.Repeat("x", 107), "108 bytes"},
	}
	for _, test := range tests {
		a, err := transport.ParseAddress(test.in)
		if err == nil {
			t.Errorf("ParseAddress(%q) = %+v", test.in, a)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseAddress(%q): %q does not say %q", test.in, err, test.want)
		}
	}
}

// What is parsed can be printed and parsed again.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{":1", "a:1", "[::1]:80", "unix:///a", "unix:b", "tcp://a:1", "x://y", "unix:unix://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := transport.ParseAddress(s)
		if err != nil {
			return
		}
		if again, err := transport.ParseAddress(a.String()); err != nil || again != a {
			t.Fatalf("%q is %+v, written %q, which is %+v, %v", s, a, a, again, err)
		}
	})
}
