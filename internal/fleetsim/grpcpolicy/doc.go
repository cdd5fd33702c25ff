// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcpolicy holds gRPC's load balancing policies as its proposals (gRFCs,
// https://github.com/grpc/proposal) specify them, for comparison: pick_first (A62),
// round_robin, least_request (A48), weighted_round_robin (A58) and
// outlier_detection (A50), with the defaults that stand there.
//
// They are written from those texts and not from an implementation. What a timer
// does there, the first pick after its time does here, since pickers have no
// clock; at the rates of a simulation that is the same. A policy has one caller
// at a time.
package grpcpolicy
