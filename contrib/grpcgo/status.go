// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/curlewrpc/curlew"
)

// StatusOf returns an error of any kind as grpc-go's status, OK for nil: a
// status error as it is, anything else by its [curlew.ErrorOf].
func StatusOf(err error) *status.Status {
	if s, ok := status.FromError(err); ok && !isCurlews(err) {
		return s
	}
	e := curlew.ErrorOf(err)
	s := status.New(codes.Code(e.Code()), e.Message())
	if len(e.Details()) == 0 {
		return s
	}
	p := s.Proto()
	for _, d := range e.Details() {
		p.Details = append(p.Details, &anypb.Any{TypeUrl: d.TypeURL, Value: d.Value})
	}
	return status.FromProto(p)
}

// ErrorOf returns an error of any kind as Curlew's, nil for nil: a status error
// with its code, message and details, anything else by [curlew.ErrorOf]. Of an
// error that came from a call through this package it keeps who made it and how
// far the call got.
func ErrorOf(err error) *curlew.Error {
	if e, ok := err.(*statusError); ok {
		return e.err
	}
	s, ok := status.FromError(err)
	if !ok || err == nil || isCurlews(err) {
		return curlew.ErrorOf(err)
	}
	e := curlew.NewError(curlew.Code(s.Code()), s.Message()).WithCause(err)
	for _, d := range s.Proto().GetDetails() {
		e = e.WithDetails(curlew.Detail{TypeURL: d.GetTypeUrl(), Value: d.GetValue()})
	}
	var inner *curlew.Error
	if errors.As(err, &inner) {
		e = e.WithOrigin(inner.Origin()).WithProgress(inner.Progress())
	}
	return e
}

// hasStatus is how package status finds the status in an error.
type hasStatus interface{ GRPCStatus() *status.Status }

// isCurlews reports whether err is, or wraps before any status, Curlew's error.
func isCurlews(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch err.(type) {
		case hasStatus:
			return false
		case *curlew.Error:
			return true
		}
	}
	return false
}

// statusError is an error of a call for code that knows grpc-go's: its text and
// GRPCStatus are those of a status error, and inside is Curlew's.
type statusError struct {
	status *status.Status
	err    *curlew.Error
}

// fromCall returns what a call told as grpc-go would; nil and io.EOF as they are.
func fromCall(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &statusError{StatusOf(err), curlew.ErrorOf(err)}
}

func (e *statusError) Error() string { return e.status.String() }

// GRPCStatus implements hasStatus.
func (e *statusError) GRPCStatus() *status.Status { return e.status }

func (e *statusError) Unwrap() error { return e.err }

// Is reports whether target is an equal status error, as grpc-go's do.
func (e *statusError) Is(target error) bool {
	other, ok := target.(hasStatus)
	return ok && proto.Equal(e.status.Proto(), other.GRPCStatus().Proto())
}
