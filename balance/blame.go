// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import "github.com/curlewrpc/curlew"

// blames reports whether an attempt's error says that its server is not well:
//
//   - unavailable, deadline_exceeded, internal and data_loss,
//   - unknown, if the connection broke rather than that a handler said so.
//
// All other codes are answers of a server that works. Neither counts what the
// server did not begin: a drained connection, a limit or a check on this side.
func blames(err error) bool {
	if err == nil {
		return false
	}
	e := curlew.ErrorOf(err)
	if e.Retryable() {
		return false
	}
	switch e.Code() {
	case curlew.Unavailable, curlew.DeadlineExceeded, curlew.Internal, curlew.DataLoss:
		return true
	case curlew.Unknown:
		return e.Origin() == curlew.OriginTransport
	default:
		return false
	}
}

// overloaded reports whether the server refused to begin the attempt because it
// has too much to do.
func overloaded(err error) bool {
	if err == nil {
		return false
	}
	e := curlew.ErrorOf(err)
	return e.Code() == curlew.ResourceExhausted && e.Progress() == curlew.Refused
}

// unserved reports whether the attempt failed before a server began it.
func unserved(err error) bool { return err != nil && curlew.ErrorOf(err).Retryable() }
