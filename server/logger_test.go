// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
)

func TestQuietLoggerDropsNews(t *testing.T) {
	var b bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})))
	for _, l := range []*slog.Logger{quietLogger(), quietLogger().With("a", 1), quietLogger().WithGroup("g")} {
		l.Debug("debug")
		l.Info("info")
		l.Warn("warn", "b", 2)
	}
	assert.Equal(t, b.String(), "level=WARN msg=warn b=2\nlevel=WARN msg=warn a=1 b=2\nlevel=WARN msg=warn g.b=2\n")
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
