// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package policy

// tiers returns what holds for the methods of a service, or for one method of
// it; nil says that there is no such rule.
func (r *Rules) tiers(service, method *Method) tiers {
	var t tiers
	for tier, wide := range [...]Method{reads: r.Reads, writes: r.Writes, streams: r.Streams} {
		var m Method
		if method != nil {
			m = *method
		}
		if service != nil {
			m = m.over(forTier(*service, tier))
		}
		m = m.over(wide).over(forTier(r.Default, tier))
		if tier != reads {
			m.Hedge = nil
		}
		t[tier] = m
	}
	return t
}

// forTier returns what a rule for all tiers says to one. A time for calls says
// nothing to streams.
func forTier(m Method, tier int) Method {
	if tier == streams {
		m.Timeout = 0
	}
	if tier != reads {
		m.Hedge = nil
	}
	return m
}

// over returns m with its zero fields taken from wider.
func (m Method) over(wider Method) Method {
	if m.Retry == nil && m.Hedge == nil {
		m.Retry, m.Hedge = wider.Retry, wider.Hedge
	}
	m.Timeout = either(m.Timeout, wider.Timeout)
	m.MaxReceive = either(m.MaxReceive, wider.MaxReceive)
	m.MaxSend = either(m.MaxSend, wider.MaxSend)
	m.Breaker = either(m.Breaker, wider.Breaker)
	m.InstanceBreaker = either(m.InstanceBreaker, wider.InstanceBreaker)
	m.Concurrency = either(m.Concurrency, wider.Concurrency)
	m.Rate = either(m.Rate, wider.Rate)
	return m
}

func either[T comparable](narrow, wide T) T {
	var zero T
	if narrow != zero {
		return narrow
	}
	return wide
}
