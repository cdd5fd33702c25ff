// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/transport"
)

// Flags say how to reach a server and how to call it. Zero means what the flags
// mean when they are not given.
type Flags struct {
	Protocol string   // one of Protocols() or of those that AddTo was given; "" is Auto
	more     []string // protocols, in addition to Protocols()

	TLS        bool   // the fields below imply it
	CA         string // file of authorities to trust; "" is the system's
	Cert, Key  string // files of this side's certificate
	ServerName string // in the server's certificate; "" is the address's host
	Insecure   bool   // takes any certificate

	Headers        []string      // "name: value", sent with every call
	Timeout        time.Duration // of a call; 0 is none
	ConnectTimeout time.Duration // 0 is 10 s
	Codec          string        // "proto" or "json"; "" is the protocol's default
	Compression    string        // of requests: "gzip"; "" is none
}

// AddTo adds the flags to a command's, which offers more protocols than all do.
func (f *Flags) AddTo(fs *pflag.FlagSet, more ...string) {
	f.more = more
	f.AddConnection(fs)
	fs.StringVar(&f.Codec, "codec", "", "`ENCODING` of the messages on the wire: proto or json (default proto)")
	fs.StringVar(&f.Compression, "compression", "", "`ALGORITHM` to compress requests by: gzip (default none)")
}

// AddConnection adds all flags but those for the encoding of messages, for
// commands that only ask a server what it has.
func (f *Flags) AddConnection(fs *pflag.FlagSet) {
	fs.StringVar(&f.Protocol, "protocol", Auto, "`PROTOCOL` to speak: "+strings.Join(append(Protocols(), f.more...), ", ")+
		"; auto is native if the server speaks it, else grpc")
	f.AddTLS(fs)
	fs.StringArrayVarP(&f.Headers, "header", "H", nil, "header `\"NAME: VALUE\"` of each call; may be given several times")
	fs.DurationVar(&f.Timeout, "timeout", 0, "`DURATION` after which a call is given up; the server is told (default none)")
	fs.DurationVar(&f.ConnectTimeout, "connect-timeout", 0, "`DURATION` after which connecting is given up (default 10s)")
}

// AddTLS adds those flags that say how connections are encrypted.
func (f *Flags) AddTLS(fs *pflag.FlagSet) {
	fs.BoolVar(&f.TLS, "tls", false, "encrypt the connection; implied by the flags for certificates and by https://")
	fs.StringVar(&f.CA, "ca", "", "PEM `FILE` of the authorities to trust instead of the system's")
	fs.StringVar(&f.Cert, "cert", "", "PEM `FILE` of this side's certificate")
	fs.StringVar(&f.Key, "key", "", "PEM `FILE` of its private key")
	fs.StringVar(&f.ServerName, "server-name", "", "`NAME` that the server's certificate must have, if not the address's")
	fs.BoolVar(&f.Insecure, "insecure-skip-verify", false, "take any certificate of the server")
}

// CallOptions returns the options that each call is to have. Headers are not
// among them: [Flags.Dial] sees to those. If the codec is "json", the messages of
// calls are *[]byte with JSON in them, as [raw.Named] has it.
func (f *Flags) CallOptions() ([]curlew.CallOption, error) {
	var opts []curlew.CallOption
	switch f.Codec {
	case "", "proto":
	case "json":
		opts = append(opts, curlew.WithCodec(raw.Named("json")))
	default:
		return nil, fmt.Errorf("--codec %s: there is no such encoding; use proto or json", f.Codec)
	}
	switch f.Compression {
	case "":
	case "gzip":
		opts = append(opts, curlew.WithCompression(f.Compression))
	default:
		return nil, fmt.Errorf("--compression %s: there is no such algorithm; use gzip", f.Compression)
	}
	return opts, nil
}

// Context bounds a call by the timeout, if there is one.
func (f *Flags) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.Timeout > 0 {
		return context.WithTimeout(ctx, f.Timeout)
	}
	return context.WithCancel(ctx)
}

// secure reports whether the connection is to be encrypted.
func (f *Flags) secure() bool {
	return f.TLS || f.Insecure || f.CA != "" || f.Cert != "" || f.Key != "" || f.ServerName != ""
}

// Secure returns an address without http:// and https:// before it, and how
// connections to it are encrypted, nil for plaintext.
func (f *Flags) Secure(address string) (bare string, config *tls.Config, err error) {
	bare, secure, err := splitScheme(address)
	if err == nil && (secure || f.secure()) {
		config, err = f.tls()
	}
	return bare, config, err
}

// tls returns the configuration for encrypted connections.
func (f *Flags) tls() (*tls.Config, error) {
	config, err := transport.ClientTLS(f.CA)
	if err != nil {
		return nil, fmt.Errorf("--ca %s: %w", f.CA, err)
	}
	config.ServerName = f.ServerName
	config.InsecureSkipVerify = f.Insecure
	if f.Cert == "" && f.Key == "" {
		return config, nil
	}
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("--cert and --key belong together: give both")
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("--cert %s, --key %s: %w", f.Cert, f.Key, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// headers reads the header flags.
func (f *Flags) headers() (*curlew.Header, error) {
	h := new(curlew.Header)
	for _, field := range f.Headers {
		name, value, ok := strings.Cut(field, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("--header %q: write \"name: value\"", field)
		}
		h.Add(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
	}
	if err := h.Validate(); err != nil {
		return nil, fmt.Errorf("--header: %w", err)
	}
	return h, nil
}
