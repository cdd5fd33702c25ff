// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/curlewrpc/curlew"
)

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// explain returns the failure as an error that says what to do. It may connect
// once more to see what the server is.
func (f *failure) explain(ctx context.Context) error {
	var advice string
	if f.reached {
		advice = f.misunderstanding(ctx)
	} else {
		advice = f.unreachable()
	}
	return curlew.Errorf(curlew.Unavailable, "cannot connect to %s\n%w\n%s", f.remote.Address, f.err, advice).
		WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
}

// unreachable is what to do about a server to which there is no connection.
func (f *failure) unreachable() string {
	var unknown *net.DNSError
	switch {
	case errors.Is(f.err, syscall.ECONNREFUSED):
		return "Nothing listens there: start the server, or look whether the port is right."
	case errors.Is(f.err, syscall.ENOENT):
		return "There is no such socket: start the server, or look whether the path is right."
	case errors.As(f.err, &unknown) && unknown.IsNotFound:
		return "There is no host of this name: look whether it is written right, or give an IP address."
	default:
		return "See `curlew doctor " + f.remote.Address + "`."
	}
}

// misunderstanding is what to do about a server that was reached and did not
// understand.
func (f *failure) misunderstanding(ctx context.Context) string {
	var notTLS tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(f.err, &notTLS):
		return "The server does not speak TLS: leave out --tls and the flags for certificates, and write http:// instead of https://."
	case errors.As(f.err, &authority):
		return "Nobody that is trusted here has signed the server's certificate: give the authority's by --ca FILE, or --insecure-skip-verify."
	case errors.As(f.err, &name):
		return "The server's certificate is for another name: connect by that name, or give it by --server-name."
	case errors.As(f.err, &invalid):
		return "The server's certificate is not valid: see `curlew doctor " + f.remote.Address + " --tls`."
	case f.remote.TLS != nil:
		return "See `curlew doctor " + f.remote.Address + " --tls`."
	}
	return sight(f.greeting(ctx))
}

// sight says what a server is that answers an HTTP request with these bytes.
func sight(answer []byte) string {
	switch {
	case len(answer) == 0:
		return "The server takes connections and says nothing: is it one for RPC? If it wants TLS, add --tls."
	case bytes.HasPrefix(answer, []byte{0x15, 3}), bytes.Contains(answer, []byte("HTTPS server")), bytes.Contains(answer, []byte("HTTPS port")):
		return "The server wants TLS: add --tls, and --ca FILE if its certificate is private."
	case bytes.HasPrefix(answer, []byte("HTTP/1.")):
		return "The server speaks HTTP/1.1: try --protocol connect or --protocol grpc-web, with --proto FILE for the methods."
	case len(answer) > 8 && answer[3] == 4 && answer[0] == 0:
		return "The server speaks HTTP/2: try --protocol grpc or --protocol connect."
	default:
		return fmt.Sprintf("What the server says is no protocol known here; it begins with %q. Look whether the port is right.", answer)
	}
}

// greeting returns the first bytes of what the server answers to an HTTP
// request, as far as they come soon; nil for none.
func (f *failure) greeting(ctx context.Context) []byte {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := f.remote.Dial(ctx, f.remote.Network, f.remote.Address)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // a connection that is gone says so when it is used
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+f.remote.Authority+"\r\nConnection: close\r\n\r\n"); err != nil {
		return nil
	}
	const most = 160
	answer, _ := io.ReadAll(io.LimitReader(conn, most)) // what came before the error counts
	return answer
}
