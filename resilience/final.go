// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import "errors"

// ErrFinal is the cause of errors that another try would not change, although
// no server has begun the call: a client that has waited for a server in vain,
// for instance. Retries and hedges return them as they are.
var ErrFinal = errors.New("another try would not change it")
