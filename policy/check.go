// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// check looks at each rule by itself.
func (r *Rules) check() []error {
	errs := []error{
		check("the default", r.Default), check("reads", r.Reads), check("writes", r.Writes), check("streams", r.Streams),
		about("the client", r.Budget.Check()),
	}
	if r.Writes.Hedge != nil && !r.Writes.Hedge.Off {
		errs = append(errs, errors.New("policy: writes are hedged, which would run them twice; hedge reads"))
	}
	if r.Streams.Hedge != nil && !r.Streams.Hedge.Off {
		errs = append(errs, errors.New("policy: streams are hedged, which only unary calls can be; hedge reads"))
	}
	if h := r.Streams.Retry; h != nil && h.TryTimeout > 0 {
		errs = append(errs, fmt.Errorf("policy: streams have a TryTimeout of %v, which bounds the attempts of unary calls only", h.TryTimeout))
	}
	for _, service := range slices.Sorted(maps.Keys(r.Services)) {
		errs = append(errs, check("service "+service, r.Services[service]))
	}
	for _, method := range slices.Sorted(maps.Keys(r.Methods)) {
		errs = append(errs, check("method "+method, r.Methods[method]))
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

func check(of string, m Method) error {
	var errs []error
	switch {
	case m.Timeout < 0 && m.Timeout != Unlimited:
		errs = append(errs, fmt.Errorf("policy: the timeout of %s is %v; it must be positive, or policy.Unlimited", of, m.Timeout))
	case m.MaxReceive < 0:
		errs = append(errs, fmt.Errorf("policy: MaxReceive of %s is %d; it must not be negative", of, m.MaxReceive))
	case m.MaxSend < 0:
		errs = append(errs, fmt.Errorf("policy: MaxSend of %s is %d; it must not be negative", of, m.MaxSend))
	}
	if m.Retry != nil && m.Hedge != nil && !m.Retry.Off && !m.Hedge.Off {
		errs = append(errs, fmt.Errorf("policy: %s has both Retry and Hedge; hedging makes failed attempts again by itself, so choose one", of))
	}
	checks := []interface{ Check() error }{}
	if m.Retry != nil {
		checks = append(checks, m.Retry)
	}
	if m.Hedge != nil {
		checks = append(checks, m.Hedge)
	}
	if m.Breaker != nil {
		checks = append(checks, m.Breaker)
	}
	if m.InstanceBreaker != nil {
		checks = append(checks, m.InstanceBreaker)
	}
	if m.Concurrency != nil {
		checks = append(checks, m.Concurrency)
	}
	if m.Rate != nil {
		checks = append(checks, m.Rate)
	}
	for _, c := range checks {
		errs = append(errs, about(of, c.Check()))
	}
	return errors.Join(errs...)
}

func about(of string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("policy: %s: %w", of, err)
}

// checkTogether looks at what rules add up to.
func (s *Snapshot) checkTogether() []error {
	var errs []error
	add := func(of string, t *tiers) {
		for tier, kind := range [...]string{reads: "reads", writes: "writes", streams: "streams"} {
			if err := contradiction(&t[tier], tier); err != nil {
				errs = append(errs, fmt.Errorf("policy: %s of %s: %w", kind, of, err))
			}
		}
	}
	add("the default", &s.byDefault)
	for _, service := range slices.Sorted(maps.Keys(s.services)) {
		add("service "+service, s.services[service])
	}
	for n, t := range s.methods {
		add("method "+n.service+"/"+n.method, t)
	}
	return errs
}

// contradiction returns what in a method's policy can never come to effect.
func contradiction(m *Method, tier int) error {
	timeout := max(m.Timeout, 0) // Unlimited is negative
	if timeout == 0 {
		return nil
	}
	longer := func(what string, d time.Duration) error {
		if d < timeout {
			return nil
		}
		return fmt.Errorf("%s of %v is not below the timeout of %v", what, d, timeout)
	}
	var errs []error
	if m.Retry != nil && !m.Retry.Off && tier != streams { // whose tries have no timeout
		errs = append(errs, longer("Retry.TryTimeout", m.Retry.TryTimeout))
	}
	if m.Hedge != nil && !m.Hedge.Off {
		errs = append(errs, longer("Hedge.Delay", m.Hedge.Delay), longer("Hedge.MinDelay", m.Hedge.MinDelay))
	}
	if m.Breaker != nil && !m.Breaker.Off {
		errs = append(errs, longer("Breaker.SlowAfter", m.Breaker.SlowAfter))
	}
	if m.InstanceBreaker != nil && !m.InstanceBreaker.Off {
		errs = append(errs, longer("InstanceBreaker.SlowAfter", m.InstanceBreaker.SlowAfter))
	}
	if m.Concurrency != nil && !m.Concurrency.Off {
		errs = append(errs, longer("Concurrency.MaxWait", m.Concurrency.MaxWait))
	}
	if m.Rate != nil && !m.Rate.Off {
		errs = append(errs, longer("Rate.MaxWait", m.Rate.MaxWait))
	}
	return errors.Join(errs...)
}
