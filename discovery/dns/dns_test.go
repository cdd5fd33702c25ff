// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/resilience"
)

func TestMain(m *testing.M) { assert.Main(m) }

// quick asks again soon.
func quick(server string) Config {
	return Config{
		Server: server, MinRefresh: 20 * time.Millisecond, MaxRefresh: 40 * time.Millisecond, Timeout: 2 * time.Second,
		Backoff: resilience.Backoff{Fast: -1, Base: 20 * time.Millisecond, Max: 40 * time.Millisecond},
		Logger:  slog.New(slog.DiscardHandler),
	}
}

// link cuts the way to the name server by stopping it.
type link struct{ *nameServer }

func (l link) Cut()          { l.stop() }
func (l link) Mend()         { l.start() }
func (link) Received() int64 { return -1 }

// harness is what the two suites have in common.
func harness(s *nameServer) discoverytest.Harness {
	return discoverytest.Harness{
		Connect: func(testing.TB) discoverytest.Process {
			return discoverytest.Process{Resolver: New(quick(s.addr)), Line: link{s}}
		},
		Bad: []discovery.Target{
			{Scheme: "dns", Endpoint: "shop"},
			{Scheme: "dns", Endpoint: ":80"},
			{Scheme: "dns", Endpoint: "a:80,b:80"},
			{Scheme: "dns", Endpoint: "unix:///run/x"},
			{Scheme: "dns", Endpoint: "_grpc._tcp"},
			{Scheme: "dns", Endpoint: "_grpc._udp.shop.example"},
			{Scheme: "dns", Authority: "a b", Endpoint: "shop:80"},
		},
		Restart:   func(testing.TB) { s.stop(); s.start() },
		MostDelta: -1, // each answer is whole
	}
}

// record returns the A record of an endpoint.
func record(e discovery.Endpoint) dnsmessage.Resource {
	return a(0, netip.MustParseAddrPort(e.Address).Addr().As4())
}

func TestAddressesConform(t *testing.T) {
	s := newNameServer(t)
	h := harness(s)
	h.Service = func(name string) string { return name + ".test" }
	h.Target = func(service string) discovery.Target {
		return discovery.Target{Scheme: "dns", Endpoint: service + ":8080"}
	}
	h.Keeps = func(e discovery.Endpoint) discovery.Endpoint { return discovery.Endpoint{Address: e.Address} }
	h.Set = func(_ testing.TB, service string, endpoints []discovery.Endpoint) {
		var records []dnsmessage.Resource
		for _, e := range endpoints {
			records = append(records, record(e))
		}
		s.set(service, records...)
	}
	discoverytest.Run(t, h)
}

func TestServicesConform(t *testing.T) {
	s := newNameServer(t)
	h := harness(s)
	h.Many = 30 // each is a look-up of its own
	h.Service = func(name string) string { return "_grpc._tcp." + name + ".test" }
	h.Keeps = func(e discovery.Endpoint) discovery.Endpoint {
		return discovery.Endpoint{Address: e.Address, Weight: min(e.Weight, 1<<16-1)}
	}
	h.Set = func(_ testing.TB, service string, endpoints []discovery.Endpoint) {
		var records []dnsmessage.Resource
		for _, e := range endpoints {
			at := netip.MustParseAddrPort(e.Address)
			host := strings.ReplaceAll(at.Addr().String(), ".", "-") + ".host.test"
			s.set(host, record(e))
			records = append(records, srv(0, 10, uint16(h.Keeps(e).Weight), at.Port(), host))
		}
		s.set(service, records...)
	}
	discoverytest.Run(t, h)
}

// look looks up a target once.
func look(t *testing.T, c Config, target string) answer {
	t.Helper()
	parsed, err := discovery.ParseTarget(target)
	assert.NoError(t, err)
	n, err := parse(parsed)
	assert.NoError(t, err)
	if n.server == "" {
		n.server = c.Server
	}
	a := c.lookup(t.Context(), n)
	return a
}

func addresses(endpoints []discovery.Endpoint) string {
	var all []string
	for _, e := range endpoints {
		all = append(all, fmt.Sprintf("%s*%d", e.Address, e.Weight))
	}
	return strings.Join(all, " ")
}

func TestLookup(t *testing.T) {
	s := newNameServer(t)
	six := netip.MustParseAddr("2001:db8::7").As16()
	s.set("one.test", a(60, [4]byte{10, 0, 0, 1}), a(20, [4]byte{10, 0, 0, 2}))
	s.set("six.test", aaaa(9, six))
	s.set("loop.test", a(1, [4]byte{127, 0, 0, 1}), aaaa(1, netip.IPv6Loopback().As16()))
	s.set("empty.test", dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Type: dnsmessage.TypeTXT}, Body: &dnsmessage.TXTResource{TXT: []string{"x"}}})
	s.set("_grpc._tcp.shop.test",
		srv(300, 2, 5, 99, "six.test"), // a fallback
		srv(300, 1, 7, 80, "one.test"),
		srv(300, 1, 3, 81, "gone.test"))
	s.set("_grpc._tcp.none.test", srv(300, 0, 0, 0, "."))
	s.set("_grpc._tcp.lost.test", srv(300, 0, 0, 80, "gone.test"))
	var many []dnsmessage.Resource
	for i := range 500 {
		many = append(many, a(40, [4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	s.set("many.test", many...)
	for _, test := range []struct {
		target, want string
		ttl          time.Duration
		fails        string
	}{
		{"dns:///one.test:80", "10.0.0.1:80*0 10.0.0.2:80*0", 7 * time.Second, ""}, // there is no AAAA record for 7 s
		{"dns:///six.test:80", "[2001:db8::7]:80*0", 7 * time.Second, ""},
		{"dns://" + s.addr + "/one.test:https", "10.0.0.1:https*0 10.0.0.2:https*0", 7 * time.Second, ""},
		{"dns:///gone.test:80", "", 7 * time.Second, "no such host"},
		{"dns:///empty.test:80", "", 7 * time.Second, "no such host"},
		{"dns:///_grpc._tcp.shop.test", "10.0.0.1:80*7 10.0.0.2:80*7", 7 * time.Second, ""},
		{"dns:///_grpc._tcp.none.test", "", 300 * time.Second, ""},
		{"dns:///_grpc._tcp.lost.test", "", 7 * time.Second, "gone.test"},
	} {
		got := look(t, quick(s.addr), test.target)
		assert.Equal(t, addresses(got.endpoints), test.want, test.target)
		assert.Equal(t, got.ttl, test.ttl, "of", test.target)
		if test.fails == "" {
			assert.NoError(t, got.err, test.target)
		} else {
			assert.Contains(t, got.err.Error(), test.fails)
			assert.Contains(t, got.err.Error(), s.addr, "the server that was asked")
			assert.True(t, got.missing, test.target, "is known to be missing")
		}
	}

	four := quick(s.addr)
	four.Network = "ip4"
	got := look(t, four, "dns:///many.test:80")
	assert.Equal(t, len(got.endpoints), 500, "by TCP")
	assert.Equal(t, got.ttl, 40*time.Second, "of a message that came by TCP")
	got = look(t, four, "dns:///loop.test:80")
	assert.Equal(t, addresses(got.endpoints), "127.0.0.1:80*0", "IPv4 only")
	assert.Equal(t, look(t, quick(s.addr), "dns:///localhost:80").err, nil, "/etc/hosts counts")

	s.fail(dnsmessage.RCodeServerFailure)
	got = look(t, quick(s.addr), "dns:///one.test:80")
	assert.True(t, got.err != nil && !got.missing, "a failing name server knows nothing", got.err)
}

// An address needs no name server.
func TestLiteral(t *testing.T) {
	for target, want := range map[string]string{
		"dns:///10.0.0.1:80":      "10.0.0.1:80",
		"dns:///[2001:db8::1]:80": "[2001:db8::1]:80",
		"dns:///[fe80::1%lo]:80":  "[fe80::1%lo]:80",
	} {
		parsed, err := discovery.ParseTarget(target)
		assert.NoError(t, err)
		updates, err := New(Config{Server: "192.0.2.1"}).Watch(t.Context(), parsed)
		assert.NoError(t, err)
		n := 0
		for u, err := range updates {
			assert.NoError(t, err)
			assert.Equal(t, u.Endpoints, []discovery.Endpoint{{Network: "tcp", Address: want}})
			n++
		}
		assert.Equal(t, n, 1, "updates")
	}
}

func TestBadConfig(t *testing.T) {
	for text, c := range map[string]Config{
		"are no bounds":        {MinRefresh: time.Minute, MaxRefresh: time.Second},
		"is negative":          {Timeout: -1},
		"neither":              {Network: "tcp"},
		"is not a name server": {Server: "a b"},
		"backoff":              {Backoff: resilience.Backoff{Base: -1}},
	} {
		_, err := New(c).Watch(t.Context(), discovery.Target{Scheme: "dns", Endpoint: "shop:80"})
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: got error %v, want one with %q", c, err, text)
		}
	}
}

func TestWarnsOfOneVirtualAddress(t *testing.T) {
	for _, test := range []struct {
		name, api, address string
		want               bool
	}{
		{"shop.team.svc.cluster.local:80", "", "10.1.2.3:80", true},
		{"shop.team.svc:80", "", "10.1.2.3:80", true},
		{"shop.team:80", "10.96.0.1", "10.96.44.5:80", true},
		{"shop.team:80", "10.96.0.1", "10.244.0.5:80", false}, // a pod
		{"shop.team:80", "fd00::1", "[fd00::7]:80", true},
		{"shop.example:80", "", "10.1.2.3:80", false},
	} {
		t.Setenv("KUBERNETES_SERVICE_HOST", test.api)
		var log bytes.Buffer
		w := &watch{
			config: &Config{Logger: slog.New(slog.NewTextHandler(&log, nil))},
			target: discovery.Target{Scheme: "dns", Endpoint: test.name},
		}
		w.warn([]discovery.Endpoint{{Address: test.address}, {Address: "10.9.9.9:80"}})
		assert.Equal(t, log.String(), "", "warning of two addresses")
		w.warn([]discovery.Endpoint{{Address: test.address}})
		w.warn([]discovery.Endpoint{{Address: test.address}})
		want := 0
		if test.want {
			want = 1
		}
		assert.Equal(t, strings.Count(log.String(), "clusterIP: None"), want, "warnings of", test.name, test.address)
	}
}

// TestDnsmasq asks a name server that others wrote.
func TestDnsmasq(t *testing.T) {
	program, err := exec.LookPath("dnsmasq")
	if err != nil {
		t.Skip("dnsmasq is not installed (Debian: dnsmasq-base)")
	}
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	assert.NoError(t, err)
	_, port, err := net.SplitHostPort(l.LocalAddr().String())
	assert.NoError(t, err)
	assert.NoError(t, l.Close())
	hosts := filepath.Join(t.TempDir(), "hosts")
	assert.NoError(t, os.WriteFile(hosts, []byte("10.0.0.1 one.test\n10.0.0.2 one.test\n2001:db8::1 six.test\n"), 0o644))
	ctx, cancel := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, program, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=",
		"--listen-address=127.0.0.1", "--bind-interfaces", "--port="+port, "--pid-file=", "--addn-hosts="+hosts, "--local-ttl=90",
		"--srv-host=_grpc._tcp.shop.test,one.test,8080,0,7", "--local=/test/")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	assert.NoError(t, command.Start())
	defer func() {
		cancel()
		_ = command.Wait() // it was killed
		if t.Failed() {
			t.Log(output.String())
		}
	}()
	c := quick("127.0.0.1:" + port)
	c.Network = "ip4"
	over := time.After(20 * time.Second)
	for got := look(t, c, "dns:///one.test:80"); got.err != nil; got = look(t, c, "dns:///one.test:80") {
		select {
		case <-over:
			t.Fatal(got.err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	got := look(t, c, "dns:///one.test:80")
	assert.Equal(t, len(got.endpoints), 2, addresses(got.endpoints))
	assert.Equal(t, got.ttl, 90*time.Second)
	got = look(t, c, "dns:///_grpc._tcp.shop.test")
	assert.NoError(t, got.err)
	assert.Equal(t, len(got.endpoints), 2)
	assert.Equal(t, got.endpoints[0].Weight, 7)
	c.Network = ""
	assert.Equal(t, addresses(look(t, c, "dns:///six.test:80").endpoints), "[2001:db8::1]:80*0")
	gone := look(t, c, "dns:///gone.test:80")
	assert.True(t, gone.missing, gone.err)
}

func FuzzLifetime(f *testing.F) {
	name := dnsmessage.MustNewName("shop.test.")
	for _, m := range []dnsmessage.Message{
		{Header: dnsmessage.Header{Response: true}, Answers: []dnsmessage.Resource{a(7, [4]byte{1, 2, 3, 4}), a(1<<32-1, [4]byte{1, 2, 3, 5})}},
		{Header: dnsmessage.Header{Response: true}, Authorities: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeSOA, Class: dnsmessage.ClassINET, TTL: 60},
			Body:   &dnsmessage.SOAResource{NS: name, MBox: name, MinTTL: 7},
		}}},
		{Header: dnsmessage.Header{Response: true}, Authorities: []dnsmessage.Resource{a(7, [4]byte{1, 2, 3, 4})}},
	} {
		for i := range m.Answers {
			m.Answers[i].Header.Name = name
		}
		for i := range m.Authorities {
			m.Authorities[i].Header.Name = name
		}
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := lifetime(b); ok && (d < 0 || d > time.Duration(1<<31)*time.Second) {
			t.Errorf("%v", d)
		}
	})
}
