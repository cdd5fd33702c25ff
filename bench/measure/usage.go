// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// usage returns what this process has used since it began.
func usage() Usage {
	u := cpuUsage()
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/tiny/allocs:objects"}}
	metrics.Read(samples)
	u.Allocs = samples[0].Value.Uint64() + samples[2].Value.Uint64()
	u.AllocBytes = samples[1].Value.Uint64()
	io := procFile("io")
	u.Reads, u.Writes = io["syscr"], io["syscw"]
	status := procFile("status")
	u.RSS, u.PeakRSS = status["VmRSS"]<<10, status["VmHWM"]<<10
	u.Goroutines = runtime.NumGoroutine()
	return u
}

// settle gives back all memory that is not in use.
func settle() {
	runtime.GC()
	debug.FreeOSMemory()
}

// procFile reads a file of names and numbers; where there is none, all is 0.
func procFile(name string) map[string]uint64 {
	values := make(map[string]uint64)
	text, err := os.ReadFile("/proc/self/" + name)
	if err != nil {
		return values
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if fields := strings.Fields(value); len(fields) > 0 {
			if n, err := strconv.ParseUint(fields[0], 10, 64); err == nil {
				values[key] = n
			}
		}
	}
	return values
}

// since is what was used after an earlier reading. What is no sum stays.
func (u Usage) since(before Usage) Usage {
	u.CPUSeconds -= before.CPUSeconds
	u.Allocs -= before.Allocs
	u.AllocBytes -= before.AllocBytes
	u.Reads -= before.Reads
	u.Writes -= before.Writes
	u.Switches -= before.Switches
	return u
}
