// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command interopclient is Curlew's client of gRPC's interoperability tests,
// with the flags of google.golang.org/grpc/interop/client: it runs one case and
// exits with status 0 if it passed. Without a case it lists the cases. With
// -stubs the cases are grpc-go's own code, its calls made through
// contrib/grpcgo.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/testdata"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

// patience bounds a case. The longest are the soak tests.
const patience = 30 * time.Second

func main() {
	host := flag.String("server_host", "127.0.0.1", "the server's host")
	port := flag.Int("server_port", 10000, "the server's port")
	useTLS := flag.Bool("use_tls", false, "speak TLS")
	testCA := flag.Bool("use_test_ca", false, "trust the certificates of gRPC's tests")
	override := flag.String("server_host_override", "", "what the server must prove to be, instead of its host")
	stubs := flag.Bool("stubs", false, "call by grpc-go's own cases and the code that is generated for it")
	name := flag.String("test_case", "", "the case to run")
	flag.Parse()

	all := cases()
	if *stubs {
		all = stubCases()
	}
	if *name == "" {
		for _, known := range slices.Sorted(maps.Keys(all)) {
			fmt.Println(known)
		}
		return
	}
	d := dialer{target: net.JoinHostPort(*host, strconv.Itoa(*port))}
	if *useTLS {
		d.tls = &tls.Config{ServerName: *override}
		if *testCA {
			d.tls.RootCAs = testRoots()
		}
	}
	if err := run(context.Background(), all[*name], d); err != nil {
		fmt.Fprintf(os.Stderr, "interopclient: %s: %v\n", *name, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, test func(*trial) error, d dialer) error {
	if test == nil {
		return fmt.Errorf("there is no such case")
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	c, err := d.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	return test(&trial{ctx: ctx, client: c, dialer: d})
}

// dialer makes clients of the server.
type dialer struct {
	target string
	tls    *tls.Config // nil is plaintext
}

func (d dialer) dial() (*client.Client, error) {
	opts := []client.Option{client.WithProtocol(grpc.NewClient(h2.Dial, proto.New()))}
	if d.tls != nil {
		opts = append(opts, client.WithTLS(d.tls.Clone()))
	}
	return client.New(d.target, opts...)
}

// testRoots are the certificate authorities of gRPC's tests.
func testRoots() *x509.CertPool {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(testdata.Path("ca.pem")); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	return roots
}
