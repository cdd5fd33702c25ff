// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// The fields of gRPC's status (PROTOCOL-HTTP2, "Status").
const (
	statusField  = "grpc-status"
	messageField = "grpc-message"
	detailsField = "grpc-status-details-bin"
)

// Field numbers of google.rpc.Status and google.protobuf.Any.
const (
	statusCode    = 1
	statusMessage = 2
	statusDetails = 3
	anyTypeURL    = 1
	anyValue      = 2
)

// AppendGRPCStatus appends the fields of a call's outcome; nil is OK.
func AppendGRPCStatus(f wire.Fields, e *curlew.Error) wire.Fields {
	if e == nil {
		return append(f, wire.Field{Name: statusField, Value: "0"})
	}
	f = append(f, wire.Field{Name: statusField, Value: strconv.Itoa(int(e.Code()))})
	if e.Message() != "" {
		f = append(f, wire.Field{Name: messageField, Value: escapeMessage(e.Message())})
	}
	if len(e.Details()) > 0 {
		f = append(f, wire.Field{Name: detailsField, Value: base64.RawStdEncoding.EncodeToString(appendStatus(nil, e))})
	}
	return f
}

// GRPCStatusWithin returns the fields of a call's outcome in at most limit bytes,
// as header limits count them, but always some hundred: if need be without the
// details and with less of the message. A peer that gets more than it takes would
// not even get to know the code.
func GRPCStatusWithin(e *curlew.Error, limit int) wire.Fields {
	const least = 512
	limit = max(limit, least)
	f := AppendGRPCStatus(nil, e)
	size := sizeOf(f)
	if size <= limit {
		return f
	}
	short := curlew.NewError(e.Code(), e.Message())
	if n := len(e.Details()); n > 0 {
		short = curlew.Errorf(e.Code(), "%s (its %d details are too large to be sent)", e.Message(), n)
	}
	if f = AppendGRPCStatus(nil, short); sizeOf(f) <= limit {
		return f
	}
	most := (limit - least/2) / 3 // each byte may become three
	text := strings.ToValidUTF8(e.Message()[:min(most, len(e.Message()))], "")
	return AppendGRPCStatus(nil, curlew.Errorf(e.Code(), "%s… (an error of %d bytes, too large to be sent)", text, size))
}

// sizeOf measures fields as header limits do (RFC 9113, section 6.5.2).
func sizeOf(f wire.Fields) int {
	n := 0
	for i := range f {
		n += len(f[i].Name) + len(f[i].Value) + 32
	}
	return n
}

// ParseGRPCStatus reads the outcome of a call, as the server's answer; nil is
// OK. found is false if there is none among the fields. One that is broken gives
// an error that says so.
func ParseGRPCStatus(f wire.Fields) (e *curlew.Error, found bool) {
	var status, message, details string
	for i := range f {
		switch f[i].Name {
		case statusField:
			status, found = f[i].Value, true
		case messageField:
			message = f[i].Value
		case detailsField:
			details = f[i].Value
		}
	}
	if !found || status == "0" {
		return nil, found
	}
	return answered(parseStatus(status, message, details)), true
}

func answered(e *curlew.Error) *curlew.Error {
	if e == nil {
		return nil
	}
	return e.WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
}

func parseStatus(status, message, details string) *curlew.Error {
	n, err := strconv.ParseUint(status, 10, 32)
	if err != nil {
		return curlew.Errorf(curlew.Internal, "the answer's %s is %.40q, which is no code", statusField, status)
	}
	code := curlew.Code(n)
	if code == curlew.OK { // as 00
		return nil
	}
	message = unescapeMessage(message)
	if !code.Valid() {
		return curlew.Errorf(curlew.Unknown, "the answer's code is %d, which is none of gRPC's: %s", n, message)
	}
	e := curlew.NewError(code, message)
	if details == "" {
		return e
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(details, "="))
	if err == nil {
		e, err = decodeStatus(e, b)
	}
	if err != nil {
		return curlew.Errorf(curlew.Internal, "the answer's %s cannot be read: %w; its error is %w", detailsField, err, e)
	}
	return e
}

// appendStatus appends e as a google.rpc.Status.
func appendStatus(b []byte, e *curlew.Error) []byte {
	b = protowire.AppendTag(b, statusCode, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(e.Code()))
	if e.Message() != "" {
		b = protowire.AppendTag(b, statusMessage, protowire.BytesType)
		b = protowire.AppendString(b, strings.ToValidUTF8(e.Message(), "\uFFFD"))
	}
	for _, d := range e.Details() {
		url := d.TypeURL
		if !strings.Contains(url, "/") {
			url = typeURLPrefix + url
		}
		url = strings.ToValidUTF8(url, "\uFFFD")
		size := protowire.SizeTag(anyTypeURL) + protowire.SizeBytes(len(url)) + protowire.SizeTag(anyValue) + protowire.SizeBytes(len(d.Value))
		b = protowire.AppendTag(b, statusDetails, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(size))
		b = protowire.AppendTag(b, anyTypeURL, protowire.BytesType)
		b = protowire.AppendString(b, url)
		b = protowire.AppendTag(b, anyValue, protowire.BytesType)
		b = protowire.AppendBytes(b, d.Value)
	}
	return b
}

// decodeStatus returns e with what a google.rpc.Status says of it: its code and
// message are those that were sent unescaped, so they count.
func decodeStatus(e *curlew.Error, b []byte) (*curlew.Error, error) {
	code, message := e.Code(), e.Message()
	var details []curlew.Detail
	err := eachField(b, func(n protowire.Number, number uint64, value []byte) error {
		switch {
		case n == statusCode && value == nil:
			if c := curlew.Code(number); c.Valid() && c != curlew.OK {
				code = c
			}
		case n == statusMessage && value != nil:
			message = string(value)
		case n == statusDetails && value != nil && len(details) < maxDetails:
			d, err := decodeAny(value)
			details = append(details, d)
			return err
		}
		return nil
	})
	return curlew.NewError(code, message).WithDetails(details...), err
}

func decodeAny(b []byte) (d curlew.Detail, err error) {
	err = eachField(b, func(n protowire.Number, _ uint64, value []byte) error {
		switch {
		case n == anyTypeURL && value != nil:
			d.TypeURL = string(value)
		case n == anyValue && value != nil:
			d.Value = append([]byte(nil), value...)
		}
		return nil
	})
	return d, err
}

// eachField calls f for the fields of a protobuf message that are varints or
// bytes; value is nil for a varint and for nothing else.
func eachField(b []byte, f func(n protowire.Number, number uint64, value []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		var number uint64
		var value []byte
		switch kind {
		case protowire.VarintType:
			number, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			value, size = protowire.ConsumeBytes(b)
		default:
			size = protowire.ConsumeFieldValue(n, kind, b)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		if kind != protowire.VarintType && kind != protowire.BytesType {
			continue
		}
		if err := f(n, number, value); err != nil {
			return fmt.Errorf("field %d: %w", n, err)
		}
	}
	return nil
}

const upperHex = "0123456789ABCDEF"

// escapeMessage percent-encodes what cannot stand in a field (PROTOCOL-HTTP2,
// "Status-Message"), and spaces at the ends, which HTTP would drop.
func escapeMessage(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = !escaped(s, i)
	}
	if plain {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; escaped(s, i) {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func escaped(s string, i int) bool {
	c := s[i]
	return c < ' ' || c > '~' || c == '%' || c == ' ' && (i == 0 || i == len(s)-1)
}

// unescapeMessage undoes escapeMessage. What is not escaped well stays as it is,
// as the specification wants.
func unescapeMessage(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
