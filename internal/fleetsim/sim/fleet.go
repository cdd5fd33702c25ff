// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
)

// Config is a fleet and what happens to it.
type Config struct {
	Servers, Slots, Clients int
	// Load is the part of the servers' capacity that the calls need.
	Load float64
	// Work draws the work of one call, in seconds at speed 1. Mean is its mean.
	Work func(*rand.Rand) float64
	Mean float64
	// Timeout is that of each call.
	Timeout time.Duration
	// From is when measuring begins; Length is when the calls end.
	From, Length time.Duration
	// Near and Far are how long a call and its reply are on their way within a
	// zone and between zones.
	Near, Far time.Duration
	// Setup changes the servers before the beginning, and plans what happens to
	// them by [Fleet.At]. It may be nil.
	Setup func(*Fleet)
	// Zones holds the zone of each server and of each client; nil is one zone.
	ServerZones, ClientZones []string
	// Keys is how many keys calls have, by Zipf's law; 0 is none.
	Keys int
	// Watched are the servers whose share of the calls is told, of the calls
	// between WatchFrom and WatchTo.
	Watched            int
	WatchFrom, WatchTo time.Duration
	Seed               uint64
}

// Client says for whom a picker is made.
type Client struct {
	Number int // from 1
	Zone   string
	Seed   uint64 // for the picker
	// Key is the key of a call, for pickers by key.
	Key func(*curlew.Call) string
}

// Fleet is a run.
type Fleet struct {
	Servers []*Server // all that there are at any time

	config    Config
	now       time.Duration
	queue     queue
	deadlines []*call // in order
	late      int     // how many of deadlines are over
	clients   []*client
	calls     []*curlew.Call // one for each key
	zipf      *rand.Zipf
	outcome   *Outcome

	arrivals, work, faults *rand.Rand
	rate                   float64 // calls a second
}

// client is a process that calls, with its own view.
type client struct {
	zone   string
	picker balance.Picker
	order  []int   // of the servers, as discovery tells this client
	nodes  []*node // by the server's number; nil if discovery does not tell it
}

// node is a server as one client sees it.
type node struct {
	server *Server
	number int
}

func (n *node) Endpoint() *discovery.Endpoint { return &n.server.Endpoint }
func (n *node) State() balance.State          { return balance.Ready }
func (n *node) Connect()                      {}

// call is an attempt: there are no retries.
type call struct {
	client   *client
	server   *Server
	feedback balance.Feedback
	at       time.Duration // of its arrival
	began    time.Duration // to be worked on
	work     float64
	err      error
	done     bool // for the client
	lost     bool // its server was killed
}

// epoch is when virtual time begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Run runs a fleet whose clients have pickers by pick.
func Run(config Config, pick func(Client) balance.Picker) *Outcome {
	f := newFleet(config, pick)
	if config.Setup != nil {
		config.Setup(f)
	}
	for _, c := range f.clients {
		f.update(c)
	}
	f.SetLoad(config.Load)
	f.queue.add(event{at: f.pause(), kind: arrives})
	for {
		at, ok := f.queue.next()
		if f.late < len(f.deadlines) {
			if c := f.deadlines[f.late]; !ok || c.at+config.Timeout <= at {
				f.deadlines[f.late] = nil
				f.late++
				f.now = c.at + config.Timeout
				f.finish(c, errTooLate)
				continue
			}
		}
		if !ok {
			break
		}
		f.now = at
		f.handle(f.queue.take())
	}
	return f.outcome.complete(f)
}

func newFleet(config Config, pick func(Client) balance.Picker) *Fleet {
	random := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(config.Seed, stream)) }
	f := &Fleet{config: config, arrivals: random(1), work: random(2), faults: random(3), outcome: newOutcome(config)}
	for i := range config.Servers {
		s := &Server{slots: config.Slots, Speed: 1, FailsAfter: time.Millisecond}
		s.Endpoint.Address = fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)
		if config.ServerZones != nil {
			s.Endpoint.Zone = config.ServerZones[i]
		}
		f.Servers = append(f.Servers, s)
	}
	if config.Keys > 0 {
		f.zipf = rand.NewZipf(random(4), 1.1, 10, uint64(config.Keys-1))
		for i := range config.Keys {
			c, o := new(curlew.Call), new(curlew.CallOptions)
			o.Header.Set("key", fmt.Sprint("key-", i))
			c.BeginClient(context.Background(), new(curlew.Method), o, nil, nil)
			f.calls = append(f.calls, c)
		}
	}
	orders, seeds := random(5), random(6)
	for i := range config.Clients {
		c := &client{order: orders.Perm(config.Servers), nodes: make([]*node, config.Servers)}
		if config.ClientZones != nil {
			c.zone = config.ClientZones[i]
		}
		for number, s := range f.Servers {
			c.nodes[number] = &node{s, number}
		}
		c.picker = pick(Client{i + 1, c.zone, seeds.Uint64() | 1, balance.HeaderKey("key")})
		f.clients = append(f.clients, c)
	}
	return f
}

// capacity is the calls that all servers together can answer in a second.
func (f *Fleet) capacity() float64 {
	sum := 0.0
	for _, s := range f.Servers {
		sum += s.Speed * float64(s.slots)
	}
	return sum / f.config.Mean
}

// SetLoad changes which part of the servers' capacity the calls need from the
// next one on.
func (f *Fleet) SetLoad(load float64) { f.rate = f.capacity() * load }

// pause draws the time to the next arrival.
func (f *Fleet) pause() time.Duration { return seconds(f.arrivals.ExpFloat64() / f.rate) }

func seconds(s float64) time.Duration {
	return time.Duration(min(math.Round(s*1e9), math.MaxInt64/4))
}

func (f *Fleet) measured() bool { return f.now >= f.config.From }

// At has step run at a time.
func (f *Fleet) At(at time.Duration, step func()) {
	f.queue.add(event{at: at, kind: happens, step: step})
}

// Now is the time since the beginning.
func (f *Fleet) Now() time.Duration { return f.now }

func (f *Fleet) handle(e event) {
	switch e.kind {
	case arrives:
		f.arrive()
	case ends:
		f.end(e.call)
	case replies:
		f.finish(e.call, e.call.err)
	case happens:
		e.step()
	}
}

// arrive makes a call, by any client.
func (f *Fleet) arrive() {
	if next := f.now + f.pause(); next < f.config.Length {
		f.queue.add(event{at: next, kind: arrives})
	}
	c := &call{client: f.clients[f.arrivals.IntN(len(f.clients))], at: f.now, work: f.config.Work(f.work)}
	info := balance.Info{Now: epoch.Add(f.now)}
	if f.zipf != nil {
		info.Call = f.calls[f.zipf.Uint64()]
	}
	pick, err := c.client.picker.Pick(context.Background(), info)
	if err != nil {
		f.outcome.refused(f, c, err)
		return
	}
	n := pick.Node.(*node)
	c.server, c.feedback = n.server, pick.Feedback
	f.outcome.picked(f, c, n.number)
	f.deadlines = append(f.deadlines, c)
	if f.late > 1<<16 {
		f.deadlines, f.late = append([]*call(nil), f.deadlines[f.late:]...), 0
	}
	f.receive(c.server, c)
}

// reply sends the client the end of a call, which takes as long as call and
// reply are on their way together.
func (f *Fleet) reply(c *call, err error, after time.Duration) {
	c.err = err
	way := f.config.Near
	if c.client.zone != c.server.Endpoint.Zone {
		way = f.config.Far
	}
	f.queue.add(event{at: f.now + after + way, kind: replies, call: c})
}

// finish tells the client's picker.
func (f *Fleet) finish(c *call, err error) {
	if c.done {
		return
	}
	c.done = true
	f.outcome.finished(f, c, err)
	if c.feedback != nil {
		c.feedback.Done(balance.Result{Err: err, Duration: f.now - c.at, Now: epoch.Add(f.now), Load: c.server.loadFor(err)})
	}
}

// loadFor is what a reply says of the server; a failure to reply says nothing.
func (s *Server) loadFor(err error) *balance.Load {
	if err != nil && err != error(errFailing) {
		return nil
	}
	return s.reports
}

// update tells a client's picker what discovery has told the client.
func (f *Fleet) update(c *client) {
	var nodes []balance.Node
	for _, i := range c.order {
		if c.nodes[i] != nil {
			nodes = append(nodes, c.nodes[i])
		}
	}
	c.picker.Update(nodes)
}

// Tell has discovery tell the clients that the server is there or not, each of
// them within a time.
func (f *Fleet) Tell(number int, there bool, within time.Duration) {
	for i, c := range f.clients {
		after := within * time.Duration(i) / time.Duration(len(f.clients))
		f.At(f.now+after, func() {
			c.nodes[number] = nil
			if there {
				c.nodes[number] = &node{f.Servers[number], number}
			}
			f.update(c)
		})
	}
}
