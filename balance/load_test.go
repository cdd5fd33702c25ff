// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/curlewrpc/curlew"
)

// answer returns the trailer of a server that says it is that busy.
func answer(t testing.TB, l Load) *curlew.Header {
	t.Helper()
	handler := ReportLoad(func() Load { return l })(func(context.Context, *curlew.Call) error { return nil })
	var call curlew.Call
	if err := handler(context.Background(), &call); err != nil {
		t.Fatal(err)
	}
	return call.ReplyTrailer()
}

func TestLoadTravels(t *testing.T) {
	for _, l := range []Load{
		{},
		{CPU: 0.5},
		{CPU: 1.5, Memory: 0.25, Application: 2, QPS: 1e6, EPS: 0.5},
	} {
		trailer := answer(t, l)
		if err := trailer.Validate(); err != nil {
			t.Error(err)
		}
		if got := ParseLoad(trailer); got == nil || *got != l {
			t.Errorf("got %+v, want %+v", got, l)
		}
	}
}

func TestLoadWithoutSense(t *testing.T) {
	l := Load{CPU: math.NaN(), Memory: -1, Application: math.Inf(1), QPS: math.Inf(-1), EPS: 3}
	if got := ParseLoad(answer(t, l)); got == nil || *got != (Load{EPS: 3}) {
		t.Errorf("got %+v", got)
	}
	if got := ParseLoad(answer(t, Load{Memory: 1.5})); got == nil || *got != (Load{}) {
		t.Errorf("got %+v", got)
	}
}

// A report of others has deprecated fields and maps too.
func TestForeignReport(t *testing.T) {
	b := protowire.AppendTag(nil, 3, protowire.VarintType) // rps
	b = protowire.AppendVarint(b, 12)
	b = protowire.AppendTag(b, 8, protowire.BytesType) // named_metrics
	b = protowire.AppendBytes(b, []byte("\x0a\x01a\x11\x00\x00\x00\x00\x00\x00\xf0\x3f"))
	b = protowire.AppendTag(b, 9, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(0.75))
	trailer := curlew.NewHeader(loadTrailer, string(b))
	if got := ParseLoad(&trailer); got == nil || *got != (Load{Application: 0.75}) {
		t.Errorf("got %+v", got)
	}
}

func TestNoReport(t *testing.T) {
	for _, trailer := range []curlew.Header{
		{},
		curlew.NewHeader(loadTrailer, "\x09\x00"), // cut off
		curlew.NewHeader(loadTrailer, "\xff"),     // no tag
		curlew.NewHeader(loadTrailer, "\x0b"),     // a group without an end
		curlew.NewHeader(loadTrailer, string(protowire.AppendBytes([]byte{8<<3 | 2}, make([]byte, maxLoadReport)))), // too long
	} {
		if got := ParseLoad(&trailer); got != nil {
			t.Errorf("%v: got %+v", trailer, got)
		}
	}
}

func FuzzParseLoad(f *testing.F) {
	f.Add("")
	f.Add("\x09\x00\x00\x00\x00\x00\x00\xe0\x3f")
	f.Add(Load{1, 0.5, 0.25, 100, 1}.encode())
	f.Add("\x42\x0c\x0a\x01a\x11\x00\x00\x00\x00\x00\x00\xf0\x3f")
	f.Add("\x09\x00\x00\x00\x00\x00\x00\xf8\x7f")
	f.Fuzz(func(t *testing.T, report string) {
		trailer := curlew.NewHeader(loadTrailer, report)
		l := ParseLoad(&trailer)
		if l == nil {
			return
		}
		for _, x := range []float64{l.CPU, l.Memory, l.Application, l.QPS, l.EPS} {
			if !(x >= 0) || math.IsInf(x, 1) {
				t.Errorf("%q gives %+v", report, *l)
			}
		}
		again := curlew.NewHeader(loadTrailer, l.encode())
		if got := ParseLoad(&again); got == nil || *got != *l {
			t.Errorf("%q gives %+v, and that, sent again, %+v", report, *l, got)
		}
	})
}
