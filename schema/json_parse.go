// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// parse sets the value at p to what the contents of a JSON string say.
func (v *value) parse(p pointer, text []byte) (err error) {
	switch v.kind {
	case kindNumber:
		return storeNumber(v, p, text)
	case kindEnum:
		n, ok := v.enum.numbers[string(text)]
		if !ok {
			return fmt.Errorf("%s has no value %q", v.enum.typ, text)
		}
		return v.store(p, uint64(n))
	case kindString:
		*p.text() = string(text)
	case kindBytes:
		*p.bytes(), err = parseBase64(text)
	case kindByteArray:
		s, err := parseBase64(text)
		if err == nil && len(s) != v.length {
			err = fmt.Errorf("got %d bytes, the Go type has %d", len(s), v.length)
		}
		copy(p.array(v.length), s)
		return err
	case kindTime:
		*p.time(), err = parseTime(string(text))
	case kindDuration:
		*p.duration(), err = parseDuration(string(text))
	}
	return err
}

// parseBase64 takes the standard or the URL alphabet, with or without padding.
func parseBase64(text []byte) ([]byte, error) {
	encoding := base64.StdEncoding
	if bytes.ContainsAny(text, "-_") {
		encoding = base64.URLEncoding
	}
	if len(text)%4 != 0 {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	b, err := encoding.AppendDecode([]byte{}, text)
	if err != nil {
		return nil, errors.New("not base64")
	}
	return b, nil
}

// storeNumber sets the number at p to what its text says.
func storeNumber(v *value, p pointer, text []byte) error {
	var x uint64
	var err error
	switch s := string(text); v.proto {
	case protoreflect.FloatKind:
		var f float64
		f, err = parseFloat(s, 32)
		x = uint64(math.Float32bits(float32(f)))
	case protoreflect.DoubleKind:
		var f float64
		f, err = parseFloat(s, 64)
		x = math.Float64bits(f)
	case protoreflect.Uint32Kind:
		x, err = parseUint(s, 32)
	case protoreflect.Uint64Kind:
		x, err = parseUint(s, 64)
	case protoreflect.Int64Kind:
		x, err = parseInt(s, 64)
	default:
		x, err = parseInt(s, 32)
	}
	if err != nil {
		return err
	}
	return v.store(p, x)
}

func parseFloat(s string, bits int) (float64, error) {
	switch s {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	if n := numberLength([]byte(s)); n == 0 || n != len(s) {
		return 0, fmt.Errorf("%s is not a number", shorten(s))
	}
	x, err := strconv.ParseFloat(s, bits)
	if err != nil {
		return 0, fmt.Errorf("%s does not fit into %d bits", shorten(s), bits)
	}
	return x, nil
}

func parseInt(s string, bits int) (uint64, error) {
	text, err := integer(s)
	if err != nil {
		return 0, err
	}
	x, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s does not fit into %d bits", shorten(s), bits)
	}
	return uint64(x), nil
}

func parseUint(s string, bits int) (uint64, error) {
	text, err := integer(s)
	if err != nil {
		return 0, err
	}
	x, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s does not fit into %d bits without a sign", shorten(s), bits)
	}
	return x, nil
}

// integer rewrites a number that is whole, such as 1e2 or 5.0, without
// fraction and exponent.
func integer(s string) (string, error) {
	if n := numberLength([]byte(s)); n == 0 || n != len(s) {
		return "", fmt.Errorf("%s is not a number", shorten(s))
	}
	split := strings.IndexAny(s, ".eE")
	if split < 0 {
		return s, nil
	}
	mantissa, exponent := s, 0
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		var err error
		if exponent, err = strconv.Atoi(s[e+1:]); err != nil || exponent > 1000 || exponent < -1000 {
			return "", fmt.Errorf("%s has too large an exponent for an integer", shorten(s))
		}
		mantissa = s[:e]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	sign := ""
	if whole[0] == '-' {
		sign, whole = "-", whole[1:]
	}
	digits := whole + fraction
	point := len(whole) + exponent
	if strings.Trim(digits, "0") == "" {
		return "0", nil
	}
	digits += strings.Repeat("0", max(0, point-len(digits)))
	if point < 0 || strings.Trim(digits[point:], "0") != "" {
		return "", fmt.Errorf("%s is not an integer", shorten(s))
	}
	return sign + digits[:point], nil
}

// shorten cuts a text for an error.
func shorten(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%s is not a time as of RFC 3339, like \"2006-01-02T15:04:05Z\"", shorten(s))
	}
	if seconds := t.Unix(); seconds < minSeconds || seconds > maxSeconds {
		return t, errTimeRange
	}
	dot, zone := strings.LastIndexByte(s, '.'), strings.LastIndexAny(s, "Z+-")
	if dot >= 0 && zone-dot > len(".999999999") {
		return t, fmt.Errorf("%s has more than nine digits of fractions", shorten(s))
	}
	return t.UTC(), nil
}

func parseDuration(s string) (time.Duration, error) {
	text, ok := strings.CutSuffix(s, "s")
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, dotted := strings.Cut(unsigned, ".")
	if !ok || numberLength([]byte(unsigned)) != len(unsigned) || unsigned == "" || strings.ContainsAny(unsigned, "eE-") || dotted && len(fraction) > 9 {
		return 0, fmt.Errorf("%s is not a duration in seconds, like \"1.5s\"", shorten(s))
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, errSpan
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if unsigned != text {
		seconds, nanos = -seconds, -nanos
	}
	d, ok := spanOf(seconds, nanos)
	if !ok {
		return 0, errSpan
	}
	return d, nil
}
