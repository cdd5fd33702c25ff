// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import "encoding/binary"

// Settings of RFC 9113, section 6.5.2.
const (
	settingHeaderTableSize   = 1
	settingEnablePush        = 2
	settingMaxStreams        = 3
	settingInitialWindow     = 4
	settingMaxFrame          = 5
	settingMaxHeaderListSize = 6
)

// settings are what the peer has told. They change under the writer's lock and
// mu together, so that either is enough to read them.
type settings struct {
	maxStreams    uint32
	initialWindow int64
	maxFrame      int
	maxHeaderList uint32
	tableSize     uint32
	leastTable    uint32 // the smallest of the last SETTINGS frame
}

func defaultSettings() settings {
	return settings{maxStreams: 1<<32 - 1, initialWindow: initialWindow, maxFrame: minMaxFrame, maxHeaderList: 1<<32 - 1, tableSize: maxTable}
}

// set changes what a SETTINGS frame says.
func (s *settings) set(payload []byte, server bool) error {
	s.leastTable = s.tableSize
	for ; len(payload) >= 6; payload = payload[6:] {
		value := binary.BigEndian.Uint32(payload[2:])
		switch binary.BigEndian.Uint16(payload) {
		case settingHeaderTableSize:
			s.tableSize = value
			s.leastTable = min(s.leastTable, value)
		case settingEnablePush:
			if value > 1 || value == 1 && !server {
				return connErrorf(codeProtocol, "SETTINGS_ENABLE_PUSH of %d", value)
			}
		case settingMaxStreams:
			s.maxStreams = value
		case settingInitialWindow:
			if value > maxWindow {
				return connErrorf(codeFlowControl, "SETTINGS_INITIAL_WINDOW_SIZE of %d", value)
			}
			s.initialWindow = int64(value)
		case settingMaxFrame:
			if value < minMaxFrame || value > 1<<24-1 {
				return connErrorf(codeProtocol, "SETTINGS_MAX_FRAME_SIZE of %d", value)
			}
			s.maxFrame = int(value)
		case settingMaxHeaderListSize:
			s.maxHeaderList = value
		}
	}
	return nil
}

func appendSetting(b []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, id), value)
}
