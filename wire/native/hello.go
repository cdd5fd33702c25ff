// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import "time"

// settings are what a HELLO tells of its sender.
type settings struct {
	version      uint64
	streamWindow uint64 // credit of a stream that the peer opens or answers
	connWindow   uint64 // credit of the connection
	maxStreams   uint64 // calls that the peer may have in flight; 0: it offers no services
	pingEvery    uint64 // shortest interval, in milliseconds, at which the peer may ping
	compression  uint64 // bit set of algorithms that the sender can undo
	maxReceive   uint64 // largest message that the sender takes; 0: not said
}

// Ids of settings. Unknown ones are ignored.
const (
	settingStreamWindow = 1
	settingConnWindow   = 2
	settingMaxStreams   = 3
	settingPingEvery    = 4
	settingCompression  = 5
	settingMaxReceive   = 6
)

// compressionGzip is the bit of gzip (RFC 1952) in settingCompression.
const compressionGzip = 1

// defaultSettings hold until the peer's HELLO is there.
func defaultSettings() settings {
	return settings{
		version: version, streamWindow: initialWindow, connWindow: initialConn,
		maxStreams: 1024, pingEvery: uint64(minPingEvery / time.Millisecond),
	}
}

func appendHello(b []byte, s settings) []byte {
	b, start := beginFrame(b, frameHello, 0, 0)
	b = appendUvarint(b, s.version)
	for _, pair := range [][2]uint64{
		{settingStreamWindow, s.streamWindow},
		{settingConnWindow, s.connWindow},
		{settingMaxStreams, s.maxStreams},
		{settingPingEvery, s.pingEvery},
		{settingCompression, s.compression},
		{settingMaxReceive, s.maxReceive},
	} {
		b = appendUvarint(appendUvarint(b, pair[0]), pair[1])
	}
	return endFrame(b, start)
}

func parseHello(payload []byte) (settings, error) {
	s := defaultSettings()
	r := reader{b: payload}
	if s.version = r.uint(); r.err == nil && s.version != version {
		return s, protocolErrorf("HELLO of version %d, only %d is known here", s.version, version)
	}
	for len(r.b) > 0 && r.err == nil {
		id, value := r.uint(), r.uint()
		switch id {
		case settingStreamWindow:
			s.streamWindow = value
		case settingConnWindow:
			s.connWindow = value
		case settingMaxStreams:
			s.maxStreams = value
		case settingPingEvery:
			s.pingEvery = value
		case settingCompression:
			s.compression = value
		case settingMaxReceive:
			s.maxReceive = value
		}
	}
	if r.err != nil {
		return s, protocolErrorf("HELLO: %v", r.err)
	}
	if s.streamWindow < initialWindow || s.connWindow < initialConn {
		return s, protocolErrorf("HELLO: window of %d or %d below the %d and %d that the protocol sets", s.streamWindow, s.connWindow, initialWindow, initialConn)
	}
	return s, nil
}
