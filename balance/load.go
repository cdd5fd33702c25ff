// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/curlewrpc/curlew"
)

// Load is how busy a server says it is, after ORCA's OrcaLoadReport
// (github.com/cncf/xds, xds/data/orca/v3).
type Load struct {
	// CPU and Memory are the used parts, 1 is all; CPU may be more.
	CPU, Memory float64
	// Application is the used part of whatever bounds the service; 0 is not known.
	Application float64
	// QPS and EPS are calls and failed calls a second; 0 is not known.
	QPS, EPS float64
}

// loadTrailer carries a report with each reply, as gRFC A51 says.
const loadTrailer = "endpoint-load-metrics-bin"

// maxLoadReport bounds how much of a report is read. Those of gRPC may hold
// named metrics beside what a Load has.
const maxLoadReport = 16 << 10

// The fields of xds.data.orca.v3.OrcaLoadReport.
const (
	cpuField         protowire.Number = 1
	memoryField      protowire.Number = 2
	qpsField         protowire.Number = 6
	epsField         protowire.Number = 7
	applicationField protowire.Number = 9
)

// ParseLoad returns the load report in a reply's trailer, nil if there is none
// that can be read. A figure that is no sensible number counts as not known.
func ParseLoad(trailer *curlew.Header) *Load {
	report, ok := trailer.Lookup(loadTrailer)
	if !ok || len(report) > maxLoadReport {
		return nil
	}
	load := new(Load)
	for b := []byte(report); len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		if figure := load.figure(number); figure != nil && kind == protowire.Fixed64Type {
			bits, n := protowire.ConsumeFixed64(b)
			if n < 0 {
				return nil
			}
			b = b[n:]
			*figure = sensible(math.Float64frombits(bits))
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return nil
		}
		b = b[n:]
	}
	if load.Memory > 1 {
		load.Memory = 0
	}
	return load
}

// figure returns where a field's number belongs, nil for a field of others.
func (l *Load) figure(number protowire.Number) *float64 {
	switch number {
	case cpuField:
		return &l.CPU
	case memoryField:
		return &l.Memory
	case qpsField:
		return &l.QPS
	case epsField:
		return &l.EPS
	case applicationField:
		return &l.Application
	default:
		return nil
	}
}

// sensible returns x if it can be a figure of a Load, else 0.
func sensible(x float64) float64 {
	if x > 0 && !math.IsInf(x, 1) {
		return x
	}
	return 0
}

// encode returns l as an OrcaLoadReport.
func (l Load) encode() string {
	b := make([]byte, 0, 5*9)
	for _, number := range []protowire.Number{cpuField, memoryField, qpsField, epsField, applicationField} {
		if x := sensible(*l.figure(number)); x != 0 {
			b = protowire.AppendTag(b, number, protowire.Fixed64Type)
			b = protowire.AppendFixed64(b, math.Float64bits(x))
		}
	}
	return string(b)
}

// ReportLoad returns an interceptor for servers that tells callers, with each
// reply, how busy the server is: gRPC's clients understand it too (gRFC A51).
// Many calls may ask for the load at the same time, and wait for it.
func ReportLoad(load func() Load) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			err := next(ctx, call)
			call.ReplyTrailer().Set(loadTrailer, load().encode())
			return err
		}
	}
}
