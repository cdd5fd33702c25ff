// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/conformance/compressors"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/grpcweb"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/h2"
)

// clients has a client for each way to reach a server. It is safe for
// concurrent use.
type clients struct {
	mu  sync.Mutex
	all map[settings]*client.Client
}

// settings are what a client is made for. All calls of equal settings share one.
type settings struct {
	address     string
	serverCert  string // PEM; "" is plaintext
	clientCert  string
	clientKey   string
	http        conformancev1.HTTPVersion
	protocol    conformancev1.Protocol
	codec       conformancev1.Codec
	compression conformancev1.Compression
	maxReceive  uint32
}

// get returns the client for a call.
func (c *clients) get(r *conformancev1.ClientCompatRequest) (*client.Client, error) {
	s := settings{
		address:     net.JoinHostPort(r.GetHost(), strconv.Itoa(int(r.GetPort()))),
		serverCert:  string(r.GetServerTlsCert()),
		clientCert:  string(r.GetClientTlsCreds().GetCert()),
		clientKey:   string(r.GetClientTlsCreds().GetKey()),
		http:        r.GetHttpVersion(),
		protocol:    r.GetProtocol(),
		codec:       r.GetCodec(),
		compression: r.GetCompression(),
		maxReceive:  r.GetMessageReceiveLimit(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.all[s]; known != nil {
		return known, nil
	}
	made, err := s.client()
	if err != nil {
		return nil, err
	}
	if c.all == nil {
		c.all = make(map[settings]*client.Client)
	}
	c.all[s] = made
	return made, nil
}

func (c *clients) close() {
	for _, one := range c.all {
		one.Close()
	}
}

func (s settings) client() (*client.Client, error) {
	protocol, err := s.newProtocol()
	if err != nil {
		return nil, err
	}
	opts := []client.Option{
		client.WithProtocol(protocol),
		client.WithLimits(wire.Limits{MaxReceive: int(s.maxReceive)}),
	}
	if s.serverCert != "" {
		config, err := s.tlsConfig()
		if err != nil {
			return nil, err
		}
		opts = append(opts, client.WithTLS(config))
	}
	return client.New(s.address, opts...)
}

func (s settings) newProtocol() (wire.Protocol, error) {
	var dial func(context.Context, *wire.Remote) (wire.HTTPTransport, error)
	switch s.http {
	case conformancev1.HTTPVersion_HTTP_VERSION_1:
		dial = h1.Dial
	case conformancev1.HTTPVersion_HTTP_VERSION_2:
		dial = h2.Dial
	default:
		return nil, fmt.Errorf("%v is not supported", s.http)
	}
	var codec curlew.Codec
	switch s.codec {
	case conformancev1.Codec_CODEC_PROTO:
		codec = proto.New()
	case conformancev1.Codec_CODEC_JSON:
		codec = json.New(json.RefuseUnknown())
	default:
		return nil, fmt.Errorf("%v is not supported", s.codec)
	}
	compressor, err := compressors.For(s.compression)
	if err != nil {
		return nil, err
	}
	var packers []compress.Compressor // those that replies may have, too
	if compressor != nil {
		packers = append(packers, compressor)
	}
	switch s.protocol {
	case conformancev1.Protocol_PROTOCOL_CONNECT:
		return connect.NewClient(dial, codec, packers...).WithGet(), nil
	case conformancev1.Protocol_PROTOCOL_GRPC:
		return grpc.NewClient(dial, codec, packers...), nil
	case conformancev1.Protocol_PROTOCOL_GRPC_WEB:
		return grpcweb.NewClient(dial, codec, packers...), nil
	}
	return nil, fmt.Errorf("%v is not supported", s.protocol)
}

func (s settings) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if !config.RootCAs.AppendCertsFromPEM([]byte(s.serverCert)) {
		return nil, errors.New("the server's certificate is no PEM")
	}
	if s.clientCert != "" {
		certificate, err := tls.X509KeyPair([]byte(s.clientCert), []byte(s.clientKey))
		if err != nil {
			return nil, fmt.Errorf("the client's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}
