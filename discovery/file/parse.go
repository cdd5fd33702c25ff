// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/curlewrpc/curlew/discovery"
)

// parse reads a file's content. Its errors begin with line and column.
func parse(content []byte) ([]discovery.Endpoint, error) {
	p := &parser{content: content, dec: json.NewDecoder(bytes.NewReader(content))}
	p.dec.UseNumber()
	if err := p.checkSyntax(); err != nil {
		return nil, err
	}
	var endpoints []discovery.Endpoint
	found := false
	err := p.object("the file", func(key string, at int) error {
		if key != "endpoints" {
			return p.wrong(at, `unknown field %q; the file has "endpoints"`, key)
		}
		found = true
		var err error
		endpoints, err = p.endpoints()
		return err
	})
	if err == nil && !found {
		err = p.wrong(0, `"endpoints" is missing`)
	}
	if err != nil {
		return nil, err
	}
	return endpoints, nil
}

// parser reads JSON whose syntax is right, and knows where it is.
type parser struct {
	content []byte
	dec     *json.Decoder
}

// checkSyntax returns the error of content that is no JSON.
func (p *parser) checkSyntax() error {
	if len(bytes.TrimSpace(p.content)) == 0 {
		return p.wrong(0, "the file is empty")
	}
	var raw json.RawMessage
	err := json.Unmarshal(p.content, &raw)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return p.wrong(int(syntax.Offset)-1, "%v", syntax)
	}
	return p.wrong(0, "%v", err)
}

// wrong is an error at an offset.
func (p *parser) wrong(offset int, format string, args ...any) error {
	before := p.content[:min(max(offset, 0), len(p.content))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("%d:%d: %w", line, column, fmt.Errorf(format, args...))
}

// next returns the next token and where it begins. There is one, since the
// syntax is right.
func (p *parser) next() (json.Token, int) {
	at := p.at()
	token, _ := p.dec.Token()
	return token, at
}

// at returns where the next token begins.
func (p *parser) at() int {
	at := int(p.dec.InputOffset())
	for at < len(p.content) && bytes.IndexByte([]byte(" \t\r\n,:"), p.content[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) object(what string, field func(key string, at int) error) error {
	if token, at := p.next(); token != json.Delim('{') {
		return p.wrong(at, "%s must be an object", what)
	}
	seen := make(map[string]bool)
	for p.dec.More() {
		token, at := p.next()
		key, _ := token.(string)
		if seen[key] {
			return p.wrong(at, "the field %q is there twice", key)
		}
		seen[key] = true
		if err := field(key, at); err != nil {
			return err
		}
	}
	p.next()
	return nil
}

func (p *parser) endpoints() ([]discovery.Endpoint, error) {
	if token, at := p.next(); token != json.Delim('[') {
		return nil, p.wrong(at, "endpoints must be an array")
	}
	var endpoints []discovery.Endpoint
	type identity struct{ network, address string }
	seen := make(map[identity]bool)
	for p.dec.More() {
		e, at, err := p.endpoint()
		if err != nil {
			return nil, err
		}
		id := identity{e.Network, e.Address}
		if seen[id] {
			return nil, p.wrong(at, "the address %q is there twice", e.Address)
		}
		seen[id] = true
		endpoints = append(endpoints, e)
	}
	p.next()
	return endpoints, nil
}

// endpoint returns an endpoint and where it begins.
func (p *parser) endpoint() (e discovery.Endpoint, at int, err error) {
	at = p.at()
	err = p.object("an endpoint", func(key string, at int) (err error) {
		switch key {
		case "address":
			var address string
			if address, at, err = p.text(key); err != nil {
				return err
			}
			found, err := discovery.ParseEndpoint(address)
			if err != nil {
				return p.wrong(at, "%w", err)
			}
			e.Network, e.Address = found.Network, found.Address
		case "weight":
			e.Weight, err = p.weight()
		case "zone":
			e.Zone, _, err = p.text(key)
		case "version":
			e.Version, _, err = p.text(key)
		case "labels":
			e.Labels = make(map[string]string)
			err = p.object(key, func(key string, _ int) error {
				value, _, err := p.text("the label " + key)
				e.Labels[key] = value
				return err
			})
		default:
			err = p.wrong(at, "unknown field %q; an endpoint has address, weight, zone, version and labels", key)
		}
		return err
	})
	if err == nil && e.Address == "" {
		err = p.wrong(at, "an endpoint without an address")
	}
	return e, at, err
}

func (p *parser) text(what string) (string, int, error) {
	token, at := p.next()
	s, ok := token.(string)
	if !ok {
		return "", at, p.wrong(at, "%s must be a string", what)
	}
	return s, at, nil
}

func (p *parser) weight() (int, error) {
	token, at := p.next()
	number, ok := token.(json.Number)
	if !ok {
		return 0, p.wrong(at, "weight must be a number")
	}
	n, err := strconv.ParseInt(string(number), 10, 32)
	switch {
	case err != nil:
		return 0, p.wrong(at, "weight %s is no whole number up to %d", number, 1<<31-1)
	case n < 0:
		return 0, p.wrong(at, "weight %s is negative", number)
	}
	return int(n), nil
}
