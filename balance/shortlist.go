// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

// shortlist is the nodes that a pick has met, as far as it needs them.
type shortlist struct {
	best  [3]*member // untried but not ready, tried and ready, tried and not ready
	asked int        // to connect
}

// maxAsked bounds how many nodes one pick asks to connect.
const maxAsked = 4

// meet looks at m and reports whether it can take the call at once. If not, it
// may be the best there is in the end.
func (l *shortlist) meet(m *member, info *Info) bool {
	state, tried := m.node.State(), info.WasTried(m.node)
	if state == Ready && !tried {
		return true
	}
	rank := 0
	switch {
	case state == Failing:
		return false
	case tried && state == Ready:
		rank = 1
	case tried:
		rank = 2
	}
	if l.best[rank] == nil {
		l.best[rank] = m
	}
	return false
}

// visit is meet for a node that the pick would have taken: one that is idle is
// asked to connect, unless the pick has asked enough of them.
func (l *shortlist) visit(m *member, info *Info) bool {
	ok := l.meet(m, info)
	if !ok && l.asked < maxAsked && m.node.State() == Idle {
		l.asked++
		m.node.Connect()
	}
	return ok
}

// scan meets all members, from a random one on, until one can take the call. It
// returns the best that there is, or nil.
func (l *shortlist) scan(members []*member, start int, info *Info) *member {
	for i := range members {
		at := start + i
		if at >= len(members) {
			at -= len(members)
		}
		if l.meet(members[at], info) {
			return members[at]
		}
	}
	for _, m := range l.best {
		if m != nil {
			return m
		}
	}
	return nil
}

// counted is a pick of m, nil for none, whose attempt is in flight until the
// feedback is told.
func counted(m *member) (Pick, error) {
	if m == nil {
		return Pick{}, ErrNotReady
	}
	m.pending.Add(1)
	return Pick{Node: m.node, Feedback: (*inFlight)(m)}, nil
}

// uncounted is a pick of m, nil for none.
func uncounted(m *member) (Pick, error) {
	if m == nil {
		return Pick{}, ErrNotReady
	}
	return Pick{Node: m.node}, nil
}
