// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/wire/native"
)

const (
	alpnHTTP2 = "h2"
	alpnHTTP1 = "http/1.1"

	// soon is when the end of a certificate is worth a warning.
	soon = 14 * 24 * time.Hour
)

// shaken is what a handshake told.
type shaken struct {
	state  tls.ConnectionState
	wanted bool // the server asks for a client's certificate
	err    error
}

// shake makes a TLS handshake that checks nothing, to be looked at afterwards.
func (e *exam) shake(ctx context.Context, protocols ...string) shaken {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	var s shaken
	conn, err := transport.Dial(ctx, e.network, e.address)
	if err != nil {
		s.err = err
		return s
	}
	config := &tls.Config{InsecureSkipVerify: true, ServerName: e.serverName(), NextProtos: protocols} //nolint:gosec // what it sees is checked in examine
	var own []tls.Certificate
	if e.tls != nil {
		own = e.tls.Certificates
	}
	config.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		s.wanted = true
		for i := range own {
			if r.SupportsCertificate(&own[i]) == nil {
				return &own[i], nil
			}
		}
		return new(tls.Certificate), nil
	}
	c := tls.Client(conn, config)
	defer c.Close()
	s.err = c.HandshakeContext(ctx)
	s.state = c.ConnectionState()
	return s
}

// serverName is the name that the server must prove.
func (e *exam) serverName() string {
	if e.tls != nil && e.tls.ServerName != "" {
		return e.tls.ServerName
	}
	return e.host
}

// secure looks at the server's TLS, and returns whether a call could go on.
func (e *exam) secure(ctx context.Context) bool {
	s := e.shake(ctx, native.ALPN, alpnHTTP2, alpnHTTP1)
	if s.err != nil {
		e.unshaken(ctx, s.err)
		return false
	}
	e.report.add("tls", ok, "", "%s, %s", tls.VersionName(s.state.Version), tls.CipherSuiteName(s.state.CipherSuite))
	e.certificateWanted = s.wanted
	leaf := s.state.PeerCertificates[0]
	bad := fail
	if e.tls.InsecureSkipVerify {
		bad = warn
	}
	e.examineNames(leaf, bad)
	e.examineDates(leaf, bad)
	e.examineChain(s.state.PeerCertificates, bad)
	switch selected := s.state.NegotiatedProtocol; selected {
	case "":
		e.report.add("alpn", warn, "gRPC clients refuse such servers. Let the server, or the proxy before it, offer h2.",
			"offered %s, %s, %s; the server selected none", native.ALPN, alpnHTTP2, alpnHTTP1)
	default:
		e.report.add("alpn", ok, "", "offered %s, %s, %s; the server selected %s", native.ALPN, alpnHTTP2, alpnHTTP1, selected)
	}
	return e.report.failed() == nil
}

// unshaken says why a handshake failed.
func (e *exam) unshaken(ctx context.Context, err error) {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &record):
		e.tls = nil
		e.report.add("tls", fail, "Leave --tls out, or give the port that speaks TLS.",
			"the server does not speak TLS here, it %s", e.sniffBytes(ctx).describe(e.timeout))
	case errors.As(err, &alert):
		e.report.add("tls", fail, alertAdvice(err.Error()), "the server ends the handshake: %v", alert)
	case errors.Is(err, context.DeadlineExceeded):
		e.report.add("tls", fail, "The port belongs to something that waits for another protocol, or the server hangs: look at its log, and try without --tls.",
			"no answer to the TLS handshake within %v", e.timeout)
	default:
		saw := e.sniffBytes(ctx)
		advice := "Look at the server's log. A proxy before the server may want another --server-name."
		if saw.protocol != "" {
			e.tls, advice = nil, "Leave --tls out, or give the port that speaks TLS."
		}
		e.report.add("tls", fail, advice, "the handshake fails (%v); without TLS the server %s", err, saw.describe(e.timeout))
	}
}

func alertAdvice(text string) string {
	switch {
	case strings.Contains(text, "no application protocol"):
		return "The server knows none of the protocols that were offered by ALPN; let it offer h2."
	case strings.Contains(text, "unrecognized name"):
		return "The server has no certificate for this name: give the right one by --server-name."
	case strings.Contains(text, "certificate"):
		return "The server wants a client's certificate that it trusts: give --cert and --key."
	case strings.Contains(text, "protocol version"):
		return "The server speaks no TLS 1.2 or 1.3: it has to be renewed."
	}
	return "Look at the server's log for its reason."
}

// examineNames looks whether the certificate is for the name that is called.
func (e *exam) examineNames(leaf *x509.Certificate, bad verdict) {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	all := strings.Join(names, ", ")
	if len(names) == 0 {
		all = fmt.Sprintf("no name at all (its common name %q does not count)", leaf.Subject.CommonName)
	}
	if leaf.VerifyHostname(e.serverName()) == nil {
		e.report.add("names", ok, "", "the certificate is for %s", all)
		return
	}
	advice := "Make a certificate that has the name among its subject alternative names."
	if len(names) > 0 {
		advice = fmt.Sprintf("Call the server by that name, or give --server-name %s if it is the server that you mean, or make a certificate for %s.", names[0], e.serverName())
	}
	e.report.add("names", bad, advice, "the certificate is for %s, not for %s", all, e.serverName())
}

// examineDates looks whether the certificate is valid now.
func (e *exam) examineDates(leaf *x509.Certificate, bad verdict) {
	const day = "2006-01-02 15:04 MST"
	now := time.Now()
	switch from, to := leaf.NotBefore, leaf.NotAfter; {
	case now.After(to):
		e.report.add("dates", bad, "Renew the server's certificate, and let the server load it. Is this machine's clock right?",
			"the certificate expired at %s, %s ago", to.UTC().Format(day), span(now.Sub(to)))
	case now.Before(from):
		e.report.add("dates", bad, "Is the clock right, here and where the certificate was made?",
			"the certificate is not valid before %s, in %s", from.UTC().Format(day), span(from.Sub(now)))
	case to.Sub(now) < soon:
		e.report.add("dates", warn, "Renew it now.", "the certificate expires at %s, in %s", to.UTC().Format(day), span(to.Sub(now)))
	default:
		e.report.add("dates", ok, "", "the certificate is valid until %s", to.UTC().Format(day))
	}
}

// span is a duration as people say it.
func span(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// examineChain looks whether the certificate leads to an authority that is
// trusted. The leaf's dates have been looked at, and do not count here.
func (e *exam) examineChain(chain []*x509.Certificate, bad verdict) {
	leaf := chain[0]
	options := x509.VerifyOptions{Roots: e.tls.RootCAs, Intermediates: x509.NewCertPool()}
	if now := time.Now(); now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		options.CurrentTime = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	trusted, err := leaf.Verify(options)
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		e.report.add("chain", ok, "", "signed by %s, which is trusted", subject(trusted[0][len(trusted[0])-1]))
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		e.report.add("chain", bad, "Make one with the extended key usage serverAuth.", "the certificate is not meant for servers")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.report.add("chain", bad, "Renew that certificate too.", "the certificate of %s, which signed the server's, is out of date", subject(invalid.Cert))
	case leaf.CheckSignatureFrom(leaf) == nil || string(leaf.RawSubject) == string(leaf.RawIssuer):
		e.report.add("chain", bad, "If that is meant so, give the certificate by --ca.", "the certificate is signed by itself, nobody vouches for it")
	case len(chain) == 1:
		e.report.add("chain", bad, "Give the authority's certificate by --ca; if it is a public one, the server forgets to send the certificates in between.",
			"signed by %s, which is not trusted here", issuer(leaf))
	default:
		e.report.add("chain", bad, "Give the authority's certificate by --ca.", "signed by %s, which is not trusted here", issuer(chain[len(chain)-1]))
	}
}

func subject(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}
