// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"runtime"
	"testing"
	"time"
)

// TestThrift takes processors away for a slow schedule, and gives them back when
// there is much to do or the run is over.
func TestThrift(t *testing.T) {
	before := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(before)
	processors := func() int { return runtime.GOMAXPROCS(0) }
	if cpuTime() == 0 {
		t.Skip("the processor time of a process is not known on this system")
	}
	var none thrift
	none.begin(nil)
	none.begin(Schedule{{1, slow + 1, time.Second}})
	if none.look(); processors() != 2 {
		t.Errorf("%d processors for a closed loop or a fast one", processors())
	}
	var idle thrift
	idle.begin(Schedule{{1, slow, time.Second}})
	if processors() != 1 {
		t.Errorf("%d processors for a slow loop", processors())
	}
	idle.at = idle.at.Add(-time.Hour) // in which next to nothing was done
	if idle.look(); processors() != 1 {
		t.Errorf("%d processors for an idle loop", processors())
	}
	idle.at = time.Now().Add(-glance)
	idle.used -= glance // all of the time since then
	if idle.look(); processors() != 2 {
		t.Errorf("%d processors for a busy loop", processors())
	}
	idle.end()
	var over thrift
	over.begin(Schedule{{1, 1, time.Second}})
	if over.end(); processors() != 2 {
		t.Errorf("%d processors after the run", processors())
	}
}
