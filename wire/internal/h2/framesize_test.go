// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// A server refuses a HEADERS frame above HTTP/2's initial limit of 16 KiB. That
// is also what h2spec's case 4.2.3 sends without a look at what was announced,
// so a server cannot announce a larger SETTINGS_MAX_FRAME_SIZE at once.
func TestServerFrameSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := startServer(t, wire.Limits{}, waits)
		p.send(preface)
		p.frame(frameSettings, 0, 0, nil)
		settings := p.next().payload
		for ; len(settings) > 0; settings = settings[6:] {
			if binary.BigEndian.Uint16(settings) == settingMaxFrame {
				assert.Equal(t, binary.BigEndian.Uint32(settings[2:]), minMaxFrame)
			}
		}
		p.frame(frameSettings, flagAck, 0, nil)
		p.get(1, "x-one: "+strings.Repeat("{", 9_000), "x-two: "+strings.Repeat("}", 9_000))
		_, code := p.goAway()
		assert.Equal(t, code, codeFrameSize)
	})
}

// A client that sends frames as large as it may is told that larger ones are
// taken.
func TestServerTakesLargerFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, answers)
		p.post(1)
		p.data(1, strings.Repeat("x", minMaxFrame), false)
		f, err := p.read()
		for err == nil && (f.typ != frameSettings || f.flags&flagAck != 0) {
			f, err = p.read()
		}
		assert.NoError(t, err)
		assert.Equal(t, f.payload, settingsPayload(settingMaxFrame, maxFrame))
		p.frame(frameSettings, flagAck, 0, nil)
		p.data(1, "", true)
		p.expect(frameHeaders, 1)
		p.body(1)
		p.post(3)
		p.data(3, strings.Repeat("x", streamWindow), true)
		p.expect(frameHeaders, 3)
		assert.Equal(t, p.body(3), "66560")
	})
}
