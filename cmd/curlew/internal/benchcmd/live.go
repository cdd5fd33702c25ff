// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// live shows a run on a terminal, on one line that it writes again and again.
type live struct {
	w     io.Writer
	shown time.Time
}

const (
	refresh  = 200 * time.Millisecond
	barWidth = 14
	erase    = "\r\x1b[K"
)

// show shows v, unless something was shown a moment ago.
func (l *live) show(v load.View) {
	now := time.Now()
	if now.Sub(l.shown) < refresh {
		return
	}
	l.shown = now
	fmt.Fprint(l.w, erase, line(v))
}

// end removes the line.
func (l *live) end() { fmt.Fprint(l.w, erase) }

func line(v load.View) string {
	if v.Elapsed < 0 {
		return fmt.Sprintf("warming up, %.1f s to go", -v.Elapsed.Seconds())
	}
	full := int(v.Done * barWidth)
	bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
	return fmt.Sprintf("%s %3.0f%% %5.1f s  %s/s  p50 %s  p99 %s  %s failed",
		bar, v.Done*100, v.Elapsed.Seconds(), result.Thousands(int64(v.Rate)),
		result.Duration(v.P50), result.Duration(v.P99), result.Thousands(v.Errors))
}
