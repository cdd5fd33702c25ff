// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command chaos breaks a fleet, and holds what its clients notice to what must
// hold: servers are processes that are killed, restarted, slowed down, cut off
// and overloaded, and registries are real ones.
//
//	go run .
//	go run . -run 'kill|slow' -quick -seed 7
//
// It prints each figure beside its bound, and exits with status 1 if one is
// missed or a scenario did not get to its end. What lacks a program, such as
// Consul, is not run and says so.
package main
