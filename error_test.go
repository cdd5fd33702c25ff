// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"not_found: no user 7":      curlew.NewError(curlew.NotFound, "no user 7"),
		"divide by zero":            curlew.NewError(curlew.Unknown, "divide by zero"),
		"internal":                  curlew.NewError(curlew.Internal, ""),
		"no code":                   curlew.NewError(curlew.OK, "no code"),
		"aborted: try 3: EOF":       curlew.Errorf(curlew.Aborted, "try %d: %w", 3, io.EOF),
		"code_99: from the future":  curlew.NewError(99, "from the future"),
		"data_loss: a and b: twice": curlew.Errorf(curlew.DataLoss, "%s and %s: twice", "a", "b"),
	} {
		assert.Equal(t, err.Error(), want)
	}
}

func TestErrorIs(t *testing.T) {
	cause := errors.New("cause")
	canceled := curlew.NewError(curlew.Canceled, "gone")
	late := curlew.NewError(curlew.DeadlineExceeded, "late")
	wrapping := curlew.Errorf(curlew.NotFound, "look: %w", cause)
	both := curlew.Errorf(curlew.NotFound, "%w and %w", cause, io.EOF)
	for _, c := range []struct {
		err, target error
		want        bool
	}{
		{wrapping, curlew.NotFound, true},
		{wrapping, curlew.Internal, false},
		{wrapping, cause, true},
		{both, io.EOF, true},
		{fmt.Errorf("more: %w", wrapping), curlew.NotFound, true},
		{canceled, context.Canceled, true},
		{canceled, context.DeadlineExceeded, false},
		{late, context.DeadlineExceeded, true},
		{late, context.Canceled, false},
		{late, late, true},
		{curlew.NotFound, curlew.NotFound, true},
		{canceled.WithCause(cause), cause, true},
	} {
		assert.Equal(t, errors.Is(c.err, c.target), c.want, c.err, "is", c.target)
	}
}

func TestErrorFacts(t *testing.T) {
	plain := curlew.NewError(curlew.NotFound, "no user 7")
	assert.Equal(t, plain.Origin(), curlew.OriginLocal)
	assert.Equal(t, plain.Progress(), curlew.MaybeSent)
	assert.Equal(t, len(plain.Details()), 0)
	assert.Equal(t, plain.Unwrap(), nil)

	a, b, c := curlew.Detail{TypeURL: "a"}, curlew.Detail{TypeURL: "b"}, curlew.Detail{TypeURL: "c"}
	full := plain.WithDetails(a).WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered).WithCause(io.EOF)
	assert.Equal(t, full.Code(), curlew.NotFound)
	assert.Equal(t, full.Message(), "no user 7")
	assert.Equal(t, full.Origin(), curlew.OriginServer)
	assert.Equal(t, full.Progress(), curlew.Answered)
	assert.Equal(t, full.Unwrap(), io.EOF)
	assert.Equal(t, len(plain.Details()), 0, "the original's details")

	left, right := full.WithDetails(b), full.WithDetails(c)
	assert.Equal(t, left.Details()[1].TypeURL, "b", "copies share nothing")
	assert.Equal(t, right.Details()[1].TypeURL, "c")

	for progress, retryable := range map[curlew.Progress]bool{
		curlew.MaybeSent: false, curlew.NotSent: true, curlew.Refused: true, curlew.Answered: false,
	} {
		assert.Equal(t, plain.WithProgress(progress).Retryable(), retryable, progress)
	}
}

func TestErrorOf(t *testing.T) {
	detail := curlew.Detail{TypeURL: "d"}
	remote := curlew.NewError(curlew.NotFound, "no user").WithDetails(detail).WithOrigin(curlew.OriginServer)
	type facts struct {
		code    curlew.Code
		message string
		origin  curlew.Origin
		details int
	}
	for _, c := range []struct {
		err  error
		want facts
	}{
		{remote, facts{curlew.NotFound, "no user", curlew.OriginServer, 1}},
		{fmt.Errorf("load: %w", remote), facts{curlew.NotFound, "load: not_found: no user", curlew.OriginServer, 1}},
		{curlew.Aborted, facts{curlew.Aborted, "aborted", curlew.OriginLocal, 0}},
		{fmt.Errorf("row: %w", curlew.Aborted), facts{curlew.Aborted, "row: aborted", curlew.OriginLocal, 0}},
		{fmt.Errorf("wait: %w", context.Canceled), facts{curlew.Canceled, "wait: context canceled", curlew.OriginLocal, 0}},
		{context.DeadlineExceeded, facts{curlew.DeadlineExceeded, "context deadline exceeded", curlew.OriginLocal, 0}},
		{io.EOF, facts{curlew.Unknown, "EOF", curlew.OriginLocal, 0}},
	} {
		e := curlew.ErrorOf(c.err)
		assert.Equal(t, facts{e.Code(), e.Message(), e.Origin(), len(e.Details())}, c.want)
		assert.ErrorIs(t, e, c.err)
		assert.Equal(t, curlew.CodeOf(c.err), c.want.code)
	}
	assert.Equal(t, curlew.ErrorOf(nil), nil)
	assert.Equal(t, curlew.CodeOf(nil), curlew.OK)
	assert.Equal(t, curlew.CodeOf(curlew.OK), curlew.Unknown, "OK is never the code of an error")
}

func TestDetails(t *testing.T) {
	detail, err := curlew.NewDetail(wrapperspb.String("stock"))
	assert.NoError(t, err)
	assert.Equal(t, detail.TypeURL, "type.googleapis.com/google.protobuf.StringValue")

	var text wrapperspb.StringValue
	ok, err := detail.Read(&text)
	assert.NoError(t, err)
	assert.True(t, ok, "the detail's own type")
	assert.Equal(t, text.Value, "stock")

	for url, want := range map[string]bool{
		"google.protobuf.StringValue":                      true,
		"example.com/types/google.protobuf.StringValue":    true,
		"my.google.protobuf.StringValue":                   false,
		"type.googleapis.com/google.protobuf.StringValues": false,
		"StringValue": false,
		"":            false,
	} {
		ok, err := curlew.Detail{TypeURL: url, Value: detail.Value}.Read(&text)
		assert.NoError(t, err)
		assert.Equal(t, ok, want, url)
	}
	ok, err = detail.Read(new(durationpb.Duration))
	assert.True(t, !ok && err == nil, "another type")
	ok, err = curlew.Detail{TypeURL: detail.TypeURL, Value: []byte{0xff}}.Read(&text)
	assert.True(t, ok, "the right type with broken bytes")
	assert.Contains(t, err.Error(), "curlew: error detail type.googleapis.com/google.protobuf.StringValue: ")

	_, err = curlew.NewDetail(wrapperspb.String("\xff"))
	assert.Contains(t, err.Error(), "curlew: encode error detail: ")
}

func TestFactsAsText(t *testing.T) {
	for want, s := range map[string]fmt.Stringer{
		"local": curlew.OriginLocal, "server": curlew.OriginServer, "transport": curlew.OriginTransport,
		"maybe_sent": curlew.MaybeSent, "not_sent": curlew.NotSent, "refused": curlew.Refused, "answered": curlew.Answered,
		"unary": curlew.KindUnary, "client_stream": curlew.KindClientStream, "server_stream": curlew.KindServerStream, "bidi": curlew.KindBidi,
		"unknown": curlew.IdempotencyUnknown, "no_side_effects": curlew.NoSideEffects, "idempotent": curlew.Idempotent,
	} {
		assert.Equal(t, s.String(), want)
	}
}

func TestCodesAsText(t *testing.T) {
	for code := curlew.OK; code.Valid(); code++ {
		text, err := code.MarshalText()
		assert.NoError(t, err)
		var back curlew.Code
		assert.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, back, code)
		assert.Equal(t, code.Error(), string(text))
	}
	assert.Equal(t, curlew.Unauthenticated.Valid(), true)
	assert.Equal(t, curlew.Code(17).Valid(), false)
	var code curlew.Code
	assert.Contains(t, code.UnmarshalText([]byte("NOT_FOUND")).Error(), `"NOT_FOUND" is not the name of a code`)
}
