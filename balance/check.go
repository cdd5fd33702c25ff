// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
)

// or returns x, or the default if it is 0.
func or[T int | float64 | time.Duration](x, fallback T) T {
	if x == 0 {
		return fallback
	}
	return x
}

// wrong is the error of every pick of a picker whose fields make no sense.
func wrong(err error) error {
	if err == nil {
		return nil
	}
	return curlew.Errorf(curlew.Internal, "the client's picker is set wrongly: %w", err).WithProgress(curlew.NotSent)
}

// positive refuses a field below 0.
func positive[T int | float64 | time.Duration](name string, x T) error {
	if x >= 0 {
		return nil
	}
	return fmt.Errorf("balance: %s is %v; it must be positive, or 0 for the default", name, x)
}

// part refuses a field that is not from 0 to 1.
func part(name string, x float64) error {
	if x >= 0 && x <= 1 {
		return nil
	}
	return fmt.Errorf("balance: %s is %v; it must be from 0 to 1, and 0 means the default", name, x)
}
