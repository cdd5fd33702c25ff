// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/curlewrpc/curlew/discovery"
)

// value is what a key holds: the Update of etcd's package naming/endpoints.
type value struct {
	Op       int // always 0
	Addr     string
	Metadata json.RawMessage `json:",omitempty"`
}

// metadata is what a value says of an endpoint beside the address.
type metadata struct {
	Weight  int               `json:"weight,omitempty"`
	Zone    string            `json:"zone,omitempty"`
	Version string            `json:"version,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
}

// encode returns the last part of the key and the value of an endpoint.
func encode(e discovery.Endpoint) (name, content string, err error) {
	if err := e.Check(); err != nil {
		return "", "", fmt.Errorf("etcd: %w", err)
	}
	address := e.Address
	switch e.Network {
	case "", "tcp":
	case "unix":
		address = "unix:" + address
	default:
		return "", "", fmt.Errorf("etcd: endpoint %s: the network %q cannot be written; there are tcp and unix", e.Address, e.Network)
	}
	if _, err := discovery.ParseEndpoint(address); err != nil {
		return "", "", fmt.Errorf("etcd: %w", err)
	}
	v := value{Addr: address}
	if v.Metadata, err = json.Marshal(metadata{e.Weight, e.Zone, e.Version, e.Labels}); err != nil {
		return "", "", fmt.Errorf("etcd: endpoint %s: %w", e.Address, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", "", fmt.Errorf("etcd: endpoint %s: %w", e.Address, err)
	}
	return url.PathEscape(address), string(text), nil
}

// decode reads a value.
func decode(content []byte) (discovery.Endpoint, error) {
	var v value
	if err := json.Unmarshal(content, &v); err != nil {
		return discovery.Endpoint{}, err
	}
	if v.Addr == "" {
		return discovery.Endpoint{}, errors.New("there is no Addr")
	}
	e, err := discovery.ParseEndpoint(v.Addr)
	if err != nil {
		return discovery.Endpoint{}, err
	}
	var m metadata
	if json.Unmarshal(v.Metadata, &m) == nil { // it may be missing, or anything
		e.Weight, e.Zone, e.Version, e.Labels = m.Weight, m.Zone, m.Version, m.Labels
	}
	return e, e.Check()
}
