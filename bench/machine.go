// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"debug/buildinfo"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/bench/report"
)

// describeMachine fills in what the figures were measured on.
func describeMachine(e *report.Environment) {
	e.Go = runtime.Version()
	e.Arch = runtime.GOARCH
	e.Cores = runtime.NumCPU()
	e.OS = runtime.GOOS
	if release := firstLine("/proc/sys/kernel/osrelease"); release != "" {
		e.OS += " " + release
	}
	e.CPU = valueOf("/proc/cpuinfo", "model name")
	if e.CPU == "" {
		e.CPU = "a CPU of unknown model"
	}
	if kb, err := strconv.ParseUint(strings.TrimSuffix(valueOf("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		e.Memory = kb << 10
	}
}

// described are the modules that decide on figures.
var described = []string{
	"google.golang.org/grpc", "google.golang.org/protobuf", "connectrpc.com/connect", "golang.org/x/net",
	"storj.io/drpc", "github.com/cloudwego/kitex", "github.com/cloudwego/netpoll", "github.com/bytedance/sonic",
}

// describeProgram adds the versions of what a program was built from.
func describeProgram(e *report.Environment, program string) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if slices.Contains(described, m.Path) {
			if old := e.Modules[m.Path]; old != "" && old != m.Version {
				e.Modules[m.Path] = old + " and " + m.Version
			} else {
				e.Modules[m.Path] = m.Version
			}
		}
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; e.Revision == "" && len(revision) >= 12 {
		e.Revision = revision[:12]
		if settings["vcs.modified"] == "true" {
			e.Revision += "+"
		}
	}
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

// valueOf finds a line "name: value", "" if there is none.
func valueOf(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// cpu is the CPU time spent so far, in seconds. The zero value means that the
// system does not tell.
type cpu struct {
	total  float64 // of all cores, idle or not
	busy   float64
	stolen float64 // by the host
	own    float64 // of busy: this process and the children it has waited for
}

func readCPU() cpu {
	c, ok := parseCPU(firstLine("/proc/stat"))
	if !ok {
		return cpu{}
	}
	c.own = ownCPU()
	return c
}

// parseCPU reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal.
func parseCPU(line string) (c cpu, ok bool) {
	const perSecond = 100 // USER_HZ, the same on all that Go runs on
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return cpu{}, false
	}
	for i, field := range fields[1:9] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return cpu{}, false
		}
		seconds := ticks / perSecond
		c.total += seconds
		switch i {
		case 3, 4: // idle
		case 7:
			c.stolen += seconds
		default:
			c.busy += seconds
		}
	}
	return c, true
}

// others returns which parts of the CPU time since an earlier reading other
// processes used, and the host; both are negative if that is not known.
func (c cpu) others(before cpu) (busy, stolen float64) {
	total := c.total - before.total
	if total <= 0 {
		return -1, -1
	}
	return max(0, (c.busy-before.busy)-(c.own-before.own)) / total, (c.stolen - before.stolen) / total
}

// busyNow watches the machine for a while.
func busyNow(ctx context.Context, d time.Duration) float64 {
	before := readCPU()
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	busy, _ := readCPU().others(before)
	return busy
}
