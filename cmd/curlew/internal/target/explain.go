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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/curlewrpc/curlew"
)

func (f *failure) Error() string   { return f.errs[len(f.errs)-1].Error() }
func (f *failure) Unwrap() []error { return f.errs }

// explain returns the failure as an error that says what to do. It may connect
// once more to see what the server is.
func (f *failure) explain(ctx context.Context) error {
	var advice string
	if f.reached {
		advice = f.misunderstanding(ctx)
	} else {
		advice = f.unreachable()
	}
	text := new(strings.Builder)
	for _, line := range f.lines() {
		text.WriteString("\n  " + line)
	}
	return &explained{fmt.Sprintf("cannot connect to %s%s\n%s", f.remote.Address, text, advice), f}
}

// lines returns what was wrong with each protocol that was tried. Under TLS only
// the last counts: that a server does not know the others' ALPN names says
// nothing.
func (f *failure) lines() []string {
	errs := f.errs
	if f.remote.TLS != nil {
		errs = errs[len(errs)-1:]
	}
	var lines []string
	for _, err := range errs {
		if line := curlew.ErrorOf(err).Message(); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// explained is a failure in many words.
type explained struct {
	text string
	*failure
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.failure }

// unreachable is what to do about a server to which there is no connection.
func (f *failure) unreachable() string {
	var unknown *net.DNSError
	var slow net.Error
	switch {
	case errors.Is(f, syscall.ECONNREFUSED):
		return "Nothing listens there: start the server, or look whether the address is right."
	case errors.Is(f, syscall.ENOENT):
		return "There is no such socket: start the server, or look whether the path is right."
	case errors.As(f, &unknown) && unknown.IsNotFound:
		return "There is no host of this name: look whether it is written right, or give an IP address."
	case errors.Is(f, context.DeadlineExceeded), errors.As(f, &slow) && slow.Timeout():
		return "Nothing answers there: look whether the address is right, and whether a firewall is in between."
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
	case strings.Contains(f.Error(), "remote error: tls: certificate required"): // an alert has no type of its own
		return "The server wants a certificate of this side: give one by --cert FILE and --key FILE."
	case errors.As(f, &notTLS):
		return tlsUnknown
	case errors.As(f, &authority):
		return "Nobody that is trusted here has signed the server's certificate: give the authority's by --ca FILE, or --insecure-skip-verify."
	case errors.As(f, &name):
		return "The server's certificate is for another name: connect by that name, or give it by --server-name."
	case errors.As(f, &invalid):
		return "The server's certificate is not valid: see `curlew doctor " + f.remote.Address + " --tls`."
	}
	secure, answer := f.wantsTLS(ctx), f.greeting(ctx)
	switch {
	case f.remote.TLS == nil && secure:
		return tlsWanted
	case f.remote.TLS == nil:
		return sight(answer)
	case !secure && len(answer) > 0:
		return tlsUnknown
	default:
		return "See `curlew doctor " + f.remote.Address + " --tls`."
	}
}

const tlsUnknown = "The server does not speak TLS: leave out --tls and the flags for certificates, and write http:// instead of https://."

const tlsWanted = "The server wants TLS: add --tls, and --ca FILE if its certificate is private."

// sight says what a server is that answers an HTTP request with these bytes.
func sight(answer []byte) string {
	switch {
	case len(answer) == 0:
		return "The server takes connections and says nothing: is it one for RPC?"
	case bytes.HasPrefix(answer, []byte("HTTP/1.")):
		return "The server speaks HTTP/1.1: try --protocol connect or --protocol grpc-web."
	case len(answer) > 8 && answer[3] == 4 && answer[0] == 0:
		return "The server speaks HTTP/2: try --protocol grpc or --protocol connect."
	default:
		return fmt.Sprintf("What the server says is no protocol known here; it begins with %q. Look whether the port is right.", answer)
	}
}

// glance bounds a look at what a server is.
const glance = 500 * time.Millisecond

// greeting returns the first bytes of what the server answers to an HTTP
// request, as far as they come soon; nil for none.
func (f *failure) greeting(ctx context.Context) []byte {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	conn, err := f.remote.Dial(ctx, f.remote.Network, f.remote.Address)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(glance)) // a connection that is gone says so when it is used
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+f.remote.Authority+"\r\nConnection: close\r\n\r\n"); err != nil {
		return nil
	}
	const most = 160
	answer, _ := io.ReadAll(io.LimitReader(conn, most)) // what came before the error counts
	return answer
}

// wantsTLS reports whether the server answers a TLS handshake. Whose certificate
// it has does not matter: nothing is sent.
func (f *failure) wantsTLS(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	conn, err := f.remote.Dial(ctx, f.remote.Network, f.remote.Address)
	if err != nil {
		return false
	}
	defer conn.Close()
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) == nil
}
