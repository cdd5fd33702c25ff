// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd_test

import (
	"errors"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
	"github.com/curlewrpc/curlew/server"
)

// Stock is a service of Go's own net/rpc, as people write them.
type Stock struct{}

// Args are two numbers.
type Args struct{ A, B int }

// Crate has a field of each type that .proto files can say.
type Crate struct {
	UserID  string
	SKU     string
	Fragile bool
	Photo   []byte
	Weight  float64
	Height  float32
	Big     uint64
	Color   int8
	Count   *int
	Tags    []string
	Parts   map[string]*Crate
	Numbers map[int32]int64
	Crates  []Crate
	Inner   *Crate
	MadeAt  time.Time
	Age     time.Duration
	Small   uint16
	Unsaid  string // is not in the .proto file
}

func (Stock) Multiply(in *Args, out *int) error {
	*out = in.A * in.B
	return nil
}

func (Stock) Echo(in *Crate, out *Crate) error {
	*out = *in
	out.Unsaid = "x"
	return nil
}

// Shaft has others in it.
type Shaft struct {
	Depth int
	Inner *Shaft
}

// Dig returns as many as are asked for.
func (Stock) Dig(in *Shaft, out *Shaft) error {
	for range in.Depth {
		*out = Shaft{1, &Shaft{out.Depth, out.Inner}}
	}
	return nil
}

func (Stock) Fail(*Args, *int) error { return errors.New("out of stock") }

func (Stock) Mistake(in *Args, out *int) error { return nil }

// serveStock serves it until the test ends: by gob, by JSON or by HTTP's CONNECT.
func serveStock(t *testing.T, serve func(*rpc.Server, net.Conn)) string {
	t.Helper()
	s := rpc.NewServer()
	if err := s.Register(Stock{}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if serve == nil {
		web := &http.Server{Handler: s}
		go web.Serve(l)
		t.Cleanup(func() { web.Close() })
		return l.Addr().String()
	}
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(s, conn)
		}
	}()
	return l.Addr().String()
}

func overGob(s *rpc.Server, conn net.Conn)  { s.ServeConn(conn) }
func overJSON(s *rpc.Server, conn net.Conn) { s.ServeCodec(jsonrpc.NewServerCodec(conn)) }

const crate = `{"userId":"u","sku":"s","Fragile":true,"Photo":"AQI=","Weight":1.5,"Height":2.5,"Big":"18446744073709551615","color":"COLOR_RED",` +
	`"Count":-3,"Tags":["a","","c"],"Parts":{"p":{"sku":"part","Parts":{"q":{}}}},"Numbers":{"-1":"7"},"Crates":[{"sku":"1"},{"Crates":[{"sku":"2"}]}],` +
	`"Inner":{"Inner":{"Inner":{"Big":"1"}}},"madeAt":"2020-01-02T03:04:05.678Z","Age":"90.500s","small":65535}`

// TestNetRPC calls Go's own server.
func TestNetRPC(t *testing.T) {
	for protocol, address := range map[string]string{"netrpc": serveStock(t, overGob), "netrpc-http": serveStock(t, nil)} {
		stock := func(args ...string) shoptest.Result {
			return call(t, "", append([]string{"--protocol", protocol, "--proto", "testdata/warehouse.proto", "-I", "testdata", address}, args...)...)
		}
		want(t, stock("Stock.Multiply", `{"A":7,"B":-8}`), `{"value":"-56"}`+"\n")
		want(t, stock("Stock/Multiply"), `{}`+"\n")
		want(t, stock("Stock.Echo", `{}`), `{}`+"\n")
		want(t, stock("Stock.Echo", crate), crate+"\n")
		wantError(t, stock("Stock.Fail"), 64+2, "curlew: Stock/Fail: unknown: out of stock")
		wantError(t, stock("Stock.Missing"), 64+2, "can't find method Stock.Missing")
		wantError(t, stock("Stock.Watch"), 1, "warehouse.Stock/Watch has streams")
		wantError(t, stock("Stock.Choose"), 1, "warehouse.Choice", "oneof choice")
		wantError(t, stock("Stock.Multply"), 1, "Did you mean", "Multiply")
		wantError(t, stock("Stock.Mistake", `{"A":"x"}`), 64+2, "Go types are others")
		wantError(t, stock("Stock.Multiply", `{"A":"x"}`), 1, `A: expected an int64, got the string "x"`)
		wantError(t, stock("Stock.Multiply", "-H", "a: b"), cli.UsageStatus, "--header: net/rpc has no such thing")
		wantError(t, stock("Stock.Multiply", "--codec", "json"), cli.UsageStatus, "--codec")

		if got := stock("Stock.Dig", `{"Depth":30}`); got.Status != 0 || strings.Count(got.Out, "Depth") != 30 {
			t.Errorf("%+v", got)
		}
		wantError(t, stock("Stock.Dig", `{"Depth":40}`), 1, "warehouse.Shaft are nested too deep")
		wantError(t, stock("Stock.Echo", strings.Repeat(`{"Inner":`, 40)+"{}"+strings.Repeat("}", 40)), 1, "nested too deep")
	}
}

// TestNetRPCUnknown calls a server of which nothing is known.
func TestNetRPCUnknown(t *testing.T) {
	got := call(t, "", serveStock(t, overGob), "Stock.Multiply", `{"A":7}`, "--protocol", "netrpc")
	wantError(t, got, 1, "the types of Stock.Multiply are not known", "--proto FILE", "service Stock { rpc Multiply(Args)")
	wantError(t, call(t, "", "127.0.0.1:1", "Stock.Multiply", "--protocol", "netrpc"), 78, "Nothing listens there")
}

// TestNetRPCCurlew calls Curlew's server, which describes itself.
func TestNetRPCCurlew(t *testing.T) {
	address := shoptest.Serve(t)
	for _, protocol := range []string{"netrpc", "netrpc-http"} {
		want(t, call(t, "", address, shoptest.Service+".Buy", `{"sku":"a","count":2}`, "--protocol", protocol), `{"items":["a"],"total":"2"}`+"\n")
		got := call(t, "", address, shoptest.Service+"/Fail", `{"code":5}`, "--protocol", protocol, "-v")
		wantError(t, got, 64+2, "as asked for", "by "+protocol)
		wantError(t, call(t, "", address, shoptest.Service+"/Buyy", "--protocol", protocol), 1, "Did you mean Buy?")
		wantError(t, call(t, "", address, shoptest.Service+"/Browse", "--protocol", protocol), 1, "has streams")
	}
	silent := shoptest.Serve(t, server.WithoutReflection())
	wantError(t, call(t, "", silent, shoptest.Service+".Buy", "--protocol", "netrpc"), 1, "does not offer reflection", "--proto FILE")
}

// TestJSONRPC1 calls Go's own server of JSON-RPC.
func TestJSONRPC1(t *testing.T) {
	address := serveStock(t, overJSON)
	want(t, call(t, "", address, "Stock.Multiply", `{"A":7,"B":8}`, "--protocol", "jsonrpc1"), "56\n")
	wantError(t, call(t, "", address, "Stock.Fail", `{}`, "--protocol", "jsonrpc1"), 64+2, "out of stock")
}
