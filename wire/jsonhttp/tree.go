// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// node is a place in the tree of all templates, segment by segment.
type node struct {
	literals map[string]*node
	one      *node               // "*"
	rest     *node               // "**"
	routes   map[string][]*route // that end here, by verb; of each HTTP method one
}

// add puts a route into the tree. If there is one already that takes the same
// requests, it becomes broken: neither is the one that is meant.
func (n *node) add(r *route) error {
	for _, segment := range r.template.segments {
		n = n.child(segment)
	}
	for _, other := range n.routes[r.template.verb] {
		if other.method == r.method {
			other.broken = fmt.Errorf("%s takes the same requests as %s", r, other)
			return other.broken
		}
	}
	if n.routes == nil {
		n.routes = make(map[string][]*route)
	}
	n.routes[r.template.verb] = append(n.routes[r.template.verb], r)
	return nil
}

// child returns the node of a segment, made if there is none.
func (n *node) child(segment string) *node {
	var next *node
	switch segment {
	case anyOne:
		if n.one == nil {
			n.one = new(node)
		}
		next = n.one
	case anyRest:
		if n.rest == nil {
			n.rest = new(node)
		}
		next = n.rest
	default:
		if next = n.literals[segment]; next == nil {
			next = new(node)
			if n.literals == nil {
				n.literals = make(map[string]*node)
			}
			n.literals[segment] = next
		}
	}
	return next
}

// search is a search for the route of a request.
type search struct {
	method string
	verb   string
	allow  []string // methods of routes that fit but for their method
}

// find returns the route for an HTTP method and an escaped path, and the path's
// segments, escaped and without the verb. If there is none, allow are the
// methods that there are routes for. A literal goes before "*", "*" before "**",
// a verb before none, and the method itself before any.
func (n *node) find(method, path string) (r *route, segments, allow []string) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, nil, nil
	}
	segments = strings.Split(rest, "/")
	decoded := make([]string, len(segments))
	for i, s := range segments {
		var err error
		if decoded[i], err = url.PathUnescape(s); err != nil {
			return nil, nil, nil
		}
	}
	s := search{method: method}
	last := len(segments) - 1
	if whole := segments[last]; strings.Contains(whole, ":") {
		colon := strings.LastIndexByte(whole, ':')
		ending := decoded[last]
		segments[last] = whole[:colon]
		s.verb, _ = url.PathUnescape(whole[colon+1:])
		decoded[last], _ = url.PathUnescape(segments[last])
		if r = n.search(decoded, &s); r != nil {
			return r, segments, nil
		}
		segments[last], decoded[last], s.verb = whole, ending, ""
	}
	r = n.search(decoded, &s)
	return r, segments, s.allow
}

// search looks for the route at n's part of the path. It goes no deeper than the
// tree is, and to no node twice.
func (n *node) search(segments []string, s *search) *route {
	if len(segments) == 0 {
		if r := n.end(s); r != nil {
			return r
		}
	} else {
		if next := n.literals[segments[0]]; next != nil {
			if r := next.search(segments[1:], s); r != nil {
				return r
			}
		}
		if n.one != nil && segments[0] != "" {
			if r := n.one.search(segments[1:], s); r != nil {
				return r
			}
		}
	}
	if n.rest != nil {
		return n.rest.end(s)
	}
	return nil
}

// end returns the route that ends at n.
func (n *node) end(s *search) (found *route) {
	for _, r := range n.routes[s.verb] {
		switch r.method {
		case s.method:
			return r
		case anyMethod:
			found = r
		}
	}
	if found == nil {
		for _, r := range n.routes[s.verb] {
			if !slices.Contains(s.allow, r.method) {
				s.allow = append(s.allow, r.method)
			}
		}
	}
	return found
}
