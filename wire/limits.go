// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"time"
)

// Limits bound what one connection may cost. A zero field means its default; a
// negative one is refused by those who take Limits.
type Limits struct {
	// MaxReceive bounds a received message: 4 MiB.
	MaxReceive int
	// MaxSend bounds a sent message: 2 GiB - 1.
	MaxSend int
	// MaxHeader bounds a header or trailer, measured by Header.Size: 16 KiB.
	MaxHeader int
	// MaxStreams bounds the calls that the peer may have in flight: 1,024.
	MaxStreams int
	// MaxBuffered bounds the received bytes that wait for a reader: 64 MiB.
	MaxBuffered int
	// Handshake bounds the time to the end of the first exchange: 10 s.
	Handshake time.Duration
	// Liveness is the time within which a dead peer is noticed while calls are
	// in flight: 10 s.
	Liveness time.Duration
}

// WithDefaults returns l with its zero fields replaced.
func (l Limits) WithDefaults() Limits {
	def(&l.MaxReceive, 4<<20)
	def(&l.MaxSend, 1<<31-1)
	def(&l.MaxHeader, 16<<10)
	def(&l.MaxStreams, 1024)
	def(&l.MaxBuffered, 64<<20)
	def(&l.Handshake, 10*time.Second)
	def(&l.Liveness, 10*time.Second)
	return l
}

// Validate reports the first negative limit.
func (l Limits) Validate() error {
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"MaxReceive", int64(l.MaxReceive)}, {"MaxSend", int64(l.MaxSend)}, {"MaxHeader", int64(l.MaxHeader)},
		{"MaxStreams", int64(l.MaxStreams)}, {"MaxBuffered", int64(l.MaxBuffered)},
		{"Handshake", int64(l.Handshake)}, {"Liveness", int64(l.Liveness)},
	} {
		if limit.value < 0 {
			return fmt.Errorf("limit %s is negative", limit.name)
		}
	}
	return nil
}

func def[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
