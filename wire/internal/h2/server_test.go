// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// A head that is larger than a frame, from either side.
func TestLargeHeads(t *testing.T) {
	large := strings.Repeat("L", 40_000)
	whole := func(p *peer, f *frame) map[string]string {
		block := f.payload
		for f.flags&flagEndHeaders == 0 {
			f = p.expect(frameContinuation, f.stream)
			assert.Equal(t, len(f.payload) <= minMaxFrame, true)
			block = append(block, f.payload...)
		}
		fields := make(map[string]string)
		list, err := p.decoder.DecodeFull(block)
		assert.NoError(t, err)
		for _, f := range list {
			fields[f.Name] = f.Value
		}
		return fields
	}
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			x.Respond(200, wire.Fields{{Name: "x-large", Value: large}})
			x.End([]byte("body"), wire.Fields{{Name: "x-after", Value: large}})
		})
		for id := uint32(1); id < 7; id += 2 {
			p.get(id)
			assert.Equal(t, whole(p, p.expect(frameHeaders, id))["x-large"], large)
			assert.Equal(t, string(p.expect(frameData, id).payload), "body")
			f := p.expect(frameHeaders, id)
			assert.Equal(t, f.flags&flagEndStream, flagEndStream)
			assert.Equal(t, whole(p, f)["x-after"], large)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		transport, p := dialRaw(t, wire.Limits{})
		r := request(0)
		r.Fields = wire.Fields{{Name: "x-large", Value: large}}
		x, err := transport.Do(t.Context(), r)
		assert.NoError(t, err)
		defer x.Reset(nil)
		go x.CloseWrite()
		assert.Equal(t, whole(p, p.expect(frameHeaders, 1))["x-large"], large)
	})
}

// A bug in a protocol that looks at heads in the read loop ends that connection,
// with a word in the log, and nothing else.
func TestPanicInLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := startServer(t, wire.Limits{}, nil)
		p.server.server.Route = func(*wire.HTTPRequest, wire.Dispatcher) wire.HTTPProtocol {
			return prompting{func(context.Context, wire.Exchange) { panic("a bug") }}
		}
		p.send(preface)
		p.frame(frameSettings, 0, 0, nil)
		p.get(1)
		_, code := p.goAway()
		assert.Equal(t, code, codeInternal)
		p.closed()
		assert.Contains(t, p.logged.String(), "a bug")
	})
}

// prompting answers in the read loop.
type prompting struct{ protocol }

func (prompting) Prompt() {}

// What a protocol may do wrong.
func TestMisuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			assert.Equal(t, curlew.CodeOf(x.End(nil, nil)), curlew.Internal, "an end without a head")
			assert.NoError(t, x.Respond(200, nil))
			assert.Equal(t, curlew.CodeOf(x.Respond(200, nil)), curlew.Internal, "a second head")
			assert.NoError(t, x.Flush())
			assert.NoError(t, x.Flush())
			assert.NoError(t, x.End([]byte("x"), nil))
			assert.Equal(t, curlew.CodeOf(x.End(nil, nil)), curlew.Internal, "a second end")
			_, err := x.Write(ctx, []byte("y"))
			assert.Equal(t, curlew.CodeOf(err), curlew.Internal, "a write after the end")
			x.Reset(nil)
		})
		p.get(1)
		p.expect(frameHeaders, 1)
		assert.Equal(t, p.body(1), "x")
		p.alive()
	})
	synctest.Test(t, func(t *testing.T) {
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			if x.Request().Fields.Get("how") == "panic" {
				panic("a bug")
			} // else it forgets to answer
		})
		for id := uint32(1); id < 9; id += 2 {
			p.get(id, "how: "+[]string{"panic", "forget"}[id/2%2])
			assert.Equal(t, p.reset(id), codeInternal)
		}
		p.alive()
		assert.Equal(t, p.server.open, 0)
	})
}

// The call of an exchange is canceled with it, at once or when it is attached.
func TestAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late, ended := make(chan struct{}), make(chan error, 2)
		p := serveRaw(t, wire.Limits{}, func(ctx context.Context, x wire.Exchange) {
			if x.Request().Fields.Get("late") != "" {
				<-late
			}
			in := &wire.Incoming{Context: context.Background()}
			x.Attach(in)
			<-in.HandlerContext().Done()
			ended <- context.Cause(in.HandlerContext())
		})
		p.get(1)
		p.get(3, "late: yes")
		synctest.Wait()
		p.frame(frameReset, 0, 1, []byte{0, 0, 0, byte(codeCancel)})
		p.frame(frameReset, 0, 3, []byte{0, 0, 0, byte(codeCancel)})
		assert.Contains(t, (<-ended).Error(), "CANCEL")
		close(late)
		assert.Contains(t, (<-ended).Error(), "CANCEL")
	})
}
