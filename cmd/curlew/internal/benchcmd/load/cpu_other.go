// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package load

import "time"

// cpuTime is the processor time that this process has used; 0: not known here.
func cpuTime() time.Duration { return 0 }
