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
			m = method.hedgedIn(tier)
		}
		if service != nil {
			m = m.over(service.timedIn(tier).hedgedIn(tier))
		}
		t[tier] = m.over(wide.hedgedIn(tier)).over(r.Default.timedIn(tier).hedgedIn(tier))
	}
	return t
}

// timedIn returns what a rule for all tiers says to one: a time for calls says
// nothing to streams.
func (m Method) timedIn(tier int) Method {
	if tier == streams {
		m.Timeout = 0
	}
	return m
}

// hedgedIn returns m as it holds for a tier: only reads are hedged.
func (m Method) hedgedIn(tier int) Method {
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
