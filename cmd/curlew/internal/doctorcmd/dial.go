// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/curlewrpc/curlew/transport"
)

// maxAddresses bounds how many addresses of a name are dialed.
const maxAddresses = 16

// resolve finds what to dial.
func (e *exam) resolve(ctx context.Context) []string {
	address, err := transport.ParseAddress(e.report.Address)
	if err != nil {
		e.report.add("address", fail, "Write host:port, [ipv6]:port or unix:///path.", "%v", err)
		return nil
	}
	e.network = address.Network
	if address.Network == "unix" {
		return e.resolveUnix(address.Address)
	}
	host, port, err := net.SplitHostPort(address.Address)
	if err != nil {
		e.report.add("address", fail, "Write host:port, [ipv6]:port or unix:///path.", "%v", err)
		return nil
	}
	e.host = host
	if host == "" {
		host, e.host = "localhost", "localhost"
	}
	if _, err := netip.ParseAddr(host); err == nil {
		e.report.add("resolve", ok, "", "%s is an address, there is nothing to look up", host)
		return []string{net.JoinHostPort(host, port)}
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		e.unresolved(host, err)
		return nil
	}
	var addresses, names []string
	for _, ip := range found {
		text := ip.Unmap().String()
		if slices.Contains(names, text) {
			continue
		}
		names = append(names, text)
		addresses = append(addresses, net.JoinHostPort(text, port))
	}
	e.report.add("resolve", ok, "", "%s is %s", host, strings.Join(names, ", "))
	return addresses[:min(len(addresses), maxAddresses)]
}

func (e *exam) unresolved(host string, err error) {
	advice := "Look at the name servers in /etc/resolv.conf, and whether they can be reached from here."
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.report.add("resolve", fail, "Check the spelling. A name within a cluster or a VPN is known only there.", "nobody knows the name %s", host)
	case errors.As(err, &dns) && dns.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		e.report.add("resolve", fail, advice, "no answer about the name %s within %v", host, e.timeout)
	default:
		e.report.add("resolve", fail, advice, "%v", err)
	}
}

func (e *exam) resolveUnix(path string) []string {
	e.host = "localhost"
	if strings.HasPrefix(path, "@") {
		e.report.add("resolve", ok, "", "%s is an abstract Unix socket", path)
		return []string{path}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.report.add("resolve", fail, "Start the server, or correct the path: it is absolute after unix://.", "there is no file %s", path)
	case err != nil:
		e.report.add("resolve", fail, "Look at the permissions of the folders above it.", "%v", err)
	case info.Mode()&fs.ModeSocket == 0:
		e.report.add("resolve", fail, "Give the path of the socket that the server listens at.", "%s is a file, but no socket", path)
	default:
		e.report.add("resolve", ok, "", "%s is a Unix socket", path)
		return []string{path}
	}
	return nil
}

// attempt is one address dialed.
type attempt struct {
	address string
	took    time.Duration
	err     error
}

// reach dials all the addresses at the same time and leaves in e.address the
// first that answers.
func (e *exam) reach(ctx context.Context, addresses []string) bool {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	attempts := make([]attempt, len(addresses))
	var dials sync.WaitGroup
	for i, address := range addresses {
		dials.Go(func() {
			begin := time.Now()
			conn, err := transport.Dial(ctx, e.network, address)
			attempts[i] = attempt{address, time.Since(begin), err}
			if err == nil {
				conn.Close()
			}
		})
	}
	dials.Wait()
	var good, bad []string
	var advice string
	for _, a := range attempts {
		if a.err != nil {
			what, todo := e.unreached(a.err)
			bad, advice = append(bad, a.address+" "+what), todo
			continue
		}
		if e.address == "" {
			e.address = a.address
		}
		good = append(good, fmt.Sprintf("%s answers after %v", a.address, a.took.Round(10*time.Microsecond)))
	}
	switch {
	case len(good) == 0:
		e.report.add("dial", fail, advice, "%s", strings.Join(bad, "; "))
	case len(bad) > 0:
		e.report.add("dial", warn, "Clients that try the other address first are slower, or fail. Let the server listen on all addresses of the name, or correct the name's records.",
			"%s; %s", strings.Join(good, "; "), strings.Join(bad, "; "))
	default:
		e.report.add("dial", ok, "", "%s", strings.Join(good, "; "))
	}
	return len(good) > 0
}

// unreached says what an error of dialing means and what to do about it.
func (e *exam) unreached(err error) (what, advice string) {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections: nothing listens there", "Is the server running, is the port right, and does it listen on this address, not on localhost alone?"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("does not answer within %v", e.timeout), "A firewall, a security group or a network policy drops the packets, or the machine is down."
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot be reached: there is no route", "Look at this machine's network or VPN. IPv6 addresses need IPv6 on the whole way."
	case errors.Is(err, fs.ErrPermission):
		return "may not be used: permission denied", "Give this user the right to write to the socket, or look at the local firewall."
	}
	return fmt.Sprintf("fails: %v", err), "Look at what the error says; the server has not been asked anything yet."
}
