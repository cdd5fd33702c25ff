// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"sort"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// member is what a chooser keeps of a node. Its address is what feedback types
// point to. What most picks use stands first, within a cache line.
type member struct {
	node    Node
	chooser *chooser
	warming *warming     // nil without a SlowStart around
	weight  number       // of the endpoint, 1 is the mean
	pending atomic.Int64 // attempts that are not done
	latency latency      // of a PeakEWMA

	hash   uint64      // tells the node from others, in all processes alike
	report report      // of a WeightedRoundRobin
	points int         // on a RingHash, for updates only
	filled uint64      // in the permutation of a Maglev, while its table is made
	gone   atomic.Bool // of a Maglev: removed by an update
	_      [16]byte    // to whole cache lines
}

// number is a float64 that is read and written atomically.
type number struct{ bits atomic.Uint64 }

func (n *number) load() float64 { return math.Float64frombits(n.bits.Load()) }

// store sets n, without a write if it is x.
func (n *number) store(x float64) (changed bool) {
	if n.load() == x {
		return false
	}
	n.bits.Store(math.Float64bits(x))
	return true
}

// inFlight is the feedback of choosers that count attempts.
type inFlight member

func (f *inFlight) Done(Result) { f.pending.Add(-1) }

func (f *inFlight) perNode() {}

// perNode is implemented by feedback of which there is one value for a node, so
// that wrappers need not make anything for each pick.
type perNode interface {
	Feedback
	perNode()
}

// timed reports whether a call's duration is its server's latency. That of a
// stream is not, nor that of a call that waits for no reply.
func timed(call *curlew.Call) bool {
	return call == nil || call.Method().Kind() == curlew.KindUnary && !call.Options().OneWay
}

// set is the members of a chooser. Nobody changes it.
type set struct {
	members []*member
	sums    []float64 // of the weights up to each member; nil if all weigh the same
}

// draw returns a member, each as often as its weight says.
func (s *set) draw(random uint64) *member {
	if s.sums == nil {
		return s.members[below(random, len(s.members))]
	}
	at := fraction(random) * s.sums[len(s.sums)-1]
	i := sort.Search(len(s.sums), func(i int) bool { return s.sums[i] > at })
	return s.members[min(i, len(s.members)-1)]
}

// chooser is what the choosers have in common: members and random numbers.
type chooser struct {
	roster roster[member]
	set    atomic.Pointer[set]
	clock  clock
	source source
	total  atomic.Int64 // attempts in flight, of pickers that have a bound
	wrong  error        // with the picker's fields; does not change once there is a set
	even   bool         // all members weigh 1; of updates
	decay  float64      // of latencies, in seconds; does not change while there are members
}

// current returns the members to choose from, of which there is one at least,
// or the error of the pick.
func (c *chooser) current() (*set, error) {
	s := c.set.Load()
	switch {
	case s == nil:
		return nil, ErrNotReady
	case c.wrong != nil:
		return nil, c.wrong
	case len(s.members) == 0:
		return nil, ErrNotReady
	}
	return s, nil
}

// cold reports whether m is to be passed over this time, because it is new.
func (c *chooser) cold(m *member, now time.Duration, seed uint64) bool {
	if m.warming == nil {
		return false
	}
	scale := m.warming.scale(now)
	return scale < 1 && fraction(c.source.next(seed)) >= scale
}

// load is the attempts in flight for the member's weight.
func (m *member) load(now time.Duration) float64 {
	weight := m.weight.load()
	if m.warming != nil {
		weight *= m.warming.scale(now)
	}
	return float64(m.pending.Load()) / weight
}

func (c *chooser) newMember(n Node) *member {
	m := &member{node: n, chooser: c, warming: warmingOf(n), hash: identity(n)}
	m.weight.store(1)
	return m
}

// update takes nodes over.
func (c *chooser) update(nodes []Node) (changed bool, gone []*member) {
	before := c.roster.states
	gone = c.roster.update(nodes, c.newMember)
	members := c.roster.states
	weighed := c.weigh(members)
	if same(before, members) && !weighed && c.set.Load() != nil {
		return false, nil
	}
	s := &set{members: members}
	if !c.even {
		s.sums = make([]float64, len(members))
		sum := 0.0
		for i, m := range members {
			sum += m.weight.load()
			s.sums[i] = sum
		}
	}
	c.set.Store(s)
	return true, gone
}

// weigh reads the weights of the members' endpoints. It reports whether one has
// changed.
func (c *chooser) weigh(members []*member) (changed bool) {
	if len(members) == 0 {
		return false
	}
	total, first, even := 0, weightOf(members[0].node), true
	for _, m := range members {
		w := weightOf(m.node)
		total += w
		even = even && w == first
	}
	if even && c.even {
		return false // they have weighed 1 since they were made
	}
	c.even = even
	mean := float64(total) / float64(len(members))
	for _, m := range members {
		w := 1.0
		if !even {
			w = float64(weightOf(m.node)) / mean
		}
		if m.weight.store(w) {
			changed = true
		}
	}
	return changed
}

// weightOf returns the weight of a node's endpoint.
func weightOf(n Node) int { return max(n.Endpoint().Weight, 1) }

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
