// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"errors"
	"testing"
	"testing/synctest"
)

// TryLock never waits: it says whether there is room, and sees to it that what
// was held is written.
func TestTryLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{room: 0, gate: make(chan struct{})}
		w := New(c, c, 10, nil)
		defer w.Close(nil)
		add(t, w, "0123456789", Held)
		if ok, err := w.TryLock(); ok || err != nil {
			t.Fatalf("without room: %v, %v", ok, err)
		}
		close(c.gate)
		synctest.Wait()
		c.expect(t, "0123456789", 1)
		ok, err := w.TryLock()
		if !ok || err != nil {
			t.Fatalf("with room: %v, %v", ok, err)
		}
		b := w.Buffer()
		b.B = append(b.B, "!"...)
		w.Unlock(Later)
		synctest.Wait()
		c.expect(t, "0123456789!", 2)
	})
	c := &conn{room: 10}
	w := New(c, c, 10, nil)
	broken := errors.New("broken")
	w.Close(broken)
	if ok, err := w.TryLock(); ok || err != broken {
		t.Errorf("after the end: %v, %v", ok, err)
	}
}

// A payload is freed when the last hold is given up.
func TestRetain(t *testing.T) {
	p := payload(100, 'a')
	p.Retain()
	p.Release()
	if p.freed(t) {
		t.Error("freed with a hold on it")
	}
	p.Release()
	if !p.freed(t) {
		t.Error("not freed without a hold")
	}
}
