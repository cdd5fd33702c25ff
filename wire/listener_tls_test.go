// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// whole returns framings of which each tells what it knows of its connection.
func whole() []wire.Framing {
	tells := func(ctx context.Context, conn *wire.Conn) {
		secure := "plaintext"
		if conn.Peer.TLS != nil {
			secure = "TLS " + conn.Peer.TLS.NegotiatedProtocol
		}
		io.WriteString(conn.Raw, conn.Peer.Protocol+" "+secure+" "+conn.Peer.Addr.String()+" "+conn.Peer.LocalAddr.String()+":")
		io.Copy(conn.Raw, struct{ io.Reader }{conn})
	}
	return []wire.Framing{
		fake{name: "one", magic: "1", alpn: []string{"one/1"}, served: tells},
		fake{name: "two", magic: "2", alpn: []string{"two/1", "two/2"}, served: tells},
	}
}

// secure makes the handshake on a new connection, offering names.
func (r *rig) secure(config *tls.Config, names ...string) (*tls.Conn, error) {
	config = config.Clone()
	config.NextProtos = names
	conn := tls.Client(r.dial(), config)
	return conn, conn.Handshake()
}

func TestListenerTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := certificates(t)
		r := serve(t, wire.ListenerConfig{Framings: whole(), TLS: server})
		for name, test := range map[string]struct {
			offers     []string
			said, want string
		}{
			"the name decides":           {[]string{"two/2"}, "2x", "two TLS two/2"},
			"it decides alone":           {[]string{"two/1"}, "1x", "two TLS two/1"},
			"the server's order counts":  {[]string{"two/1", "one/1"}, "1x", "one TLS one/1"},
			"without, the bytes do":      {nil, "1x", "one TLS "},
			"and without again, others'": {nil, "2x", "two TLS "},
		} {
			conn, err := r.secure(client, test.offers...)
			assert.NoError(t, err, name)
			assert.Equal(t, exchange(t, conn, test.said), test.want+" "+conn.LocalAddr().String()+" here:"+test.said, name)
		}
		_, err := r.secure(client, "three/1")
		assert.True(t, err != nil, "a handshake for an unknown name fails")
	})
}

// TestListenerTLSConfigFromAHook: names are offered by every configuration.
func TestListenerTLSConfigFromAHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := certificates(t)
		hooked := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return server, nil }}
		r := serve(t, wire.ListenerConfig{Framings: whole(), TLS: hooked})
		conn, err := r.secure(client, "two/1")
		assert.NoError(t, err)
		assert.Equal(t, conn.ConnectionState().NegotiatedProtocol, "two/1")
		assert.True(t, server.NextProtos == nil && hooked.NextProtos == nil, "the user's configuration is left alone")
	})
}

func TestListenerRefusesPlaintext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := certificates(t)
		r := serve(t, wire.ListenerConfig{Framings: whole(), TLS: server})
		assert.Equal(t, r.tell("1x"), "")
		assert.Contains(t, r.tell("GET / HTTP/1.1\r\n\r\n"), "use https")
		synctest.Wait()
		assert.Contains(t, r.log.String(), "plaintext, but this port takes TLS only; it begins with 31 78")
	})
}

func TestListenerAllowsPlaintext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := certificates(t)
		r := serve(t, wire.ListenerConfig{Framings: whole(), TLS: server, AllowPlaintext: true})
		conn := r.dial()
		assert.Equal(t, exchange(t, conn, "1x"), "one plaintext "+conn.LocalAddr().String()+" here:1x")
		secure, err := r.secure(client)
		assert.NoError(t, err)
		assert.Equal(t, exchange(t, secure, "1x"), "one TLS  "+secure.LocalAddr().String()+" here:1x")
	})
}

// TestListenerHandshakeTimeout: the time is for all of it together, however
// the peer spreads it.
func TestListenerHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := certificates(t)
		r := serve(t, wire.ListenerConfig{
			Framings: whole(), TLS: server, Limits: wire.Limits{Handshake: 3 * time.Second},
			Proxy: func(ctx context.Context, conn net.Conn) (net.Addr, net.Addr, []byte, error) {
				_, err := conn.Read(make([]byte, 1))
				return nil, nil, nil, err
			},
		})
		begin := time.Now()
		raw := r.dial()
		<-time.After(time.Second)
		io.WriteString(raw, "p")
		<-time.After(time.Second)
		conn := tls.Client(raw, client)
		assert.NoError(t, conn.Handshake())
		_, err := conn.Read(make([]byte, 1))
		assert.True(t, err != nil, "the connection is closed")
		assert.Equal(t, time.Since(begin), 3*time.Second)
	})
}

func TestListenerBehindAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := certificates(t)
		for name, test := range map[string]struct {
			tls    *tls.Config
			prefix string // read by mistake
		}{
			"plaintext":               {nil, ""},
			"plaintext, with a start": {nil, "1"},
			"tls":                     {server, ""},
		} {
			r := serve(t, wire.ListenerConfig{
				Framings: whole(), TLS: test.tls,
				Proxy: func(ctx context.Context, conn net.Conn) (net.Addr, net.Addr, []byte, error) {
					if _, ok := ctx.Deadline(); !ok {
						t.Error("the handshake has no deadline")
					}
					header := make([]byte, len("PROXY")+len(test.prefix))
					_, err := io.ReadFull(conn, header)
					return mem.Addr("far"), mem.Addr("front"), header[len("PROXY"):], err
				},
			})
			conn := r.dial()
			io.WriteString(conn, "PROXY")
			if test.tls == nil {
				assert.Equal(t, exchange(t, conn, "1x"), "one plaintext far front:1x", name)
				continue
			}
			assert.Equal(t, exchange(t, tls.Client(conn, client), "1x"), "one TLS  far front:1x", name)
		}
	})
}

func TestListenerProxyHeaderThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{
			Framings: whole(),
			Proxy: func(context.Context, net.Conn) (net.Addr, net.Addr, []byte, error) {
				return nil, nil, nil, errors.New("no header")
			},
		})
		answer, _ := io.ReadAll(r.dial())
		assert.Equal(t, string(answer), "")
		synctest.Wait()
		assert.Contains(t, r.log.String(), "no header")
	})
}
