// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestGRPCTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0n": 0, "1n": 1, "99999999n": 99999999, "2u": 2000, "3m": 3 * time.Millisecond, "4S": 4 * time.Second, "5M": 5 * time.Minute,
		"6H": 6 * time.Hour, "00000007S": 7 * time.Second, "99999999H": math.MaxInt64, "2562048H": math.MaxInt64,
	} {
		got, err := httpwire.ParseGRPCTimeout(text)
		assert.NoError(t, err, text)
		assert.Equal(t, got, want, text)
	}
	for _, text := range []string{"", "S", "1", "-1S", "+1S", "1s", "1h", "1.5S", "123456789S", " 1S", "٣S", "1 S"} {
		_, err := httpwire.ParseGRPCTimeout(text)
		assert.True(t, err != nil, text, "is no timeout")
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "0n", 0: "0n", 1: "1n", 99999999: "99999999n", 100000000: "100000u", 100000001: "100001u", time.Second: "1000000u",
		time.Hour: "3600000m", math.MaxInt64: "2562048H",
	} {
		assert.Equal(t, httpwire.FormatGRPCTimeout(d), want, d)
	}
}

func FuzzParseGRPCTimeout(f *testing.F) {
	for _, seed := range []string{"", "0n", "5000m", "99999999H", "-1S", "1s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := httpwire.ParseGRPCTimeout(text)
		if err != nil {
			return
		}
		again, err := httpwire.ParseGRPCTimeout(httpwire.FormatGRPCTimeout(d))
		if err != nil || again < d || again > d && float64(again-d) > 1e-7*float64(d) && again != math.MaxInt64 {
			t.Fatalf("%q is %v, which is written as %q", text, d, httpwire.FormatGRPCTimeout(d))
		}
	})
}

func TestGRPCStatus(t *testing.T) {
	assert.Equal(t, httpwire.AppendGRPCStatus(nil, nil), wire.Fields{{Name: "grpc-status", Value: "0"}})
	e := curlew.NewError(curlew.NotFound, " 100 % \u00fc\n ")
	fields := httpwire.AppendGRPCStatus(wire.Fields{{Name: "a", Value: "b"}}, e)
	assert.Equal(t, fields, wire.Fields{
		{Name: "a", Value: "b"}, {Name: "grpc-status", Value: "5"}, {Name: "grpc-message", Value: "%20100 %25 %C3%BC%0A%20"},
	})
	got, found := httpwire.ParseGRPCStatus(fields)
	assert.True(t, found)
	assert.Equal(t, got.Message(), e.Message())
	assert.Equal(t, got.Code(), e.Code())
	assert.Equal(t, got.Origin(), curlew.OriginServer)
	assert.Equal(t, got.Progress(), curlew.Answered)

	assert.Equal(t, httpwire.AppendGRPCStatus(nil, curlew.NewError(curlew.Aborted, "")), wire.Fields{{Name: "grpc-status", Value: "10"}})
}

// TestGRPCStatusDetails reads a google.rpc.Status as protobuf itself does.
func TestGRPCStatusDetails(t *testing.T) {
	detail, err := curlew.NewDetail(durationpb.New(7 * time.Second))
	assert.NoError(t, err)
	e := curlew.NewError(curlew.Internal, "x").WithDetails(detail, curlew.Detail{TypeURL: "a.B"})
	fields := httpwire.AppendGRPCStatus(nil, e)
	b, err := base64.RawStdEncoding.DecodeString(fields.Get("grpc-status-details-bin"))
	assert.NoError(t, err)
	assert.Equal(t, string(b[:5]), "\x08\x0d\x12\x01x", "code and message")
	var details []*anypb.Any
	for b = b[5:]; len(b) > 0; {
		n, _, size := protowire.ConsumeTag(b)
		assert.Equal(t, n, 3)
		value, more := protowire.ConsumeBytes(b[size:])
		assert.True(t, more > 0, "a whole field")
		details = append(details, new(anypb.Any))
		assert.NoError(t, proto.Unmarshal(value, details[len(details)-1]))
		b = b[size+more:]
	}
	assert.Equal(t, len(details), 2)
	var d durationpb.Duration
	assert.NoError(t, details[0].UnmarshalTo(&d))
	assert.Equal(t, d.AsDuration(), 7*time.Second)
	assert.Equal(t, details[1].GetTypeUrl(), "type.googleapis.com/a.B")

	got, _ := httpwire.ParseGRPCStatus(fields)
	assert.Equal(t, got.Details(), []curlew.Detail{detail, {TypeURL: "type.googleapis.com/a.B", Value: nil}})
}

// TestGRPCStatusWithin: of an error that is too large comes what there is room
// for, and always the code.
func TestGRPCStatusWithin(t *testing.T) {
	assert.Equal(t, httpwire.GRPCStatusWithin(nil, 0), httpwire.AppendGRPCStatus(nil, nil))
	small := curlew.NewError(curlew.Aborted, "small").WithDetails(curlew.Detail{TypeURL: "a.B", Value: make([]byte, 100)})
	assert.Equal(t, httpwire.GRPCStatusWithin(small, 1000), httpwire.AppendGRPCStatus(nil, small))
	for _, message := range []string{"short", strings.Repeat("x", 20_000), strings.Repeat("\u00fc%", 10_000)} {
		for _, limit := range []int{-1, 512, 1000, 16 << 10} {
			for _, details := range []int{0, 20_000} {
				e := curlew.NewError(curlew.Aborted, message)
				if details > 0 {
					e = e.WithDetails(curlew.Detail{TypeURL: "a.B", Value: make([]byte, details)})
				}
				fields := httpwire.GRPCStatusWithin(e, limit)
				size := 0
				for _, f := range fields {
					size += len(f.Name) + len(f.Value) + 32
				}
				assert.True(t, size <= max(limit, 512), size, "bytes for", limit)
				got, _ := httpwire.ParseGRPCStatus(fields)
				assert.Equal(t, got.Code(), curlew.Aborted)
				assert.True(t, strings.HasPrefix(message, got.Message()[:5]), got.Message())
				assert.True(t, len(got.Message()) == len(message) || strings.Contains(got.Message(), "too large to be sent"), got.Message())
			}
		}
	}
}

func TestParseGRPCStatus(t *testing.T) {
	for name, test := range map[string]struct {
		status, message, details string
		code                     curlew.Code
		says                     string
	}{
		"plain":             {"13", "oops", "", curlew.Internal, "oops"},
		"badly escaped":     {"13", "100% %zz %4", "", curlew.Internal, "100% %zz %4"},
		"lower-case hex":    {"13", "%c3%bc", "", curlew.Internal, "\u00fc"},
		"not UTF-8":         {"13", "%ff", "", curlew.Internal, "\uFFFD"},
		"no number":         {"ok", "", "", curlew.Internal, `grpc-status is "ok"`},
		"empty":             {"", "", "", curlew.Internal, `grpc-status is ""`},
		"negative":          {"-1", "", "", curlew.Internal, "no code"},
		"unknown code":      {"42", "oops", "", curlew.Unknown, "the answer's code is 42, which is none of gRPC's: oops"},
		"broken base64":     {"13", "oops", "!", curlew.Internal, "grpc-status-details-bin cannot be read"},
		"broken protobuf":   {"5", "oops", "GgE", curlew.Internal, "oops"},
		"padded details":    {"13", "oops", "CA0SAXg=", curlew.Internal, "x"},
		"another code":      {"13", "oops", "CAUSAXg", curlew.NotFound, "x"},
		"details say OK":    {"13", "oops", "CAA", curlew.Internal, "oops"},
		"details of naught": {"13", "oops", "IgA", curlew.Internal, "oops"},
	} {
		fields := wire.Fields{{Name: "grpc-status", Value: test.status}, {Name: "grpc-message", Value: test.message}, {Name: "grpc-status-details-bin", Value: test.details}}
		e, found := httpwire.ParseGRPCStatus(fields)
		assert.True(t, found && e != nil, name)
		assert.Equal(t, e.Code(), test.code, name)
		assert.Contains(t, e.Message(), test.says, name)
	}
	for status, want := range map[string]bool{"0": true, "00": true} {
		e, found := httpwire.ParseGRPCStatus(wire.Fields{{Name: "grpc-status", Value: status}})
		assert.True(t, e == nil && found == want, status)
	}
	_, found := httpwire.ParseGRPCStatus(wire.Fields{{Name: "grpc-message", Value: "x"}})
	assert.True(t, !found, "no status")
}

// FuzzParseGRPCStatus checks that nothing crashes, and that what is an error
// survives being sent on.
func FuzzParseGRPCStatus(f *testing.F) {
	f.Add("0", "", "")
	f.Add("13", "100%25 %C3%BC", "CA0SAXgaAA==")
	f.Add("x", "%", "!")
	f.Add("5", "a", "CAUSAXgaMAoqdHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucHJvdG9idWYuRHVyYXRpb24SAggH")
	f.Fuzz(func(t *testing.T, status, message, details string) {
		e, found := httpwire.ParseGRPCStatus(wire.Fields{
			{Name: "grpc-status", Value: status}, {Name: "grpc-message", Value: message}, {Name: "grpc-status-details-bin", Value: details},
		})
		if !found {
			t.Fatal("a status is not found")
		}
		if e == nil {
			return
		}
		fields := httpwire.AppendGRPCStatus(nil, e)
		for _, field := range fields {
			if strings.ContainsFunc(field.Value, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(field.Value) != field.Value {
				t.Fatalf("%s: %q cannot be sent", field.Name, field.Value)
			}
		}
		again, _ := httpwire.ParseGRPCStatus(fields)
		if again == nil || again.Code() != e.Code() || again.Message() != strings.ToValidUTF8(e.Message(), "\uFFFD") || len(again.Details()) != len(e.Details()) {
			t.Fatalf("%v was sent on as %v", e, again)
		}
	})
}
