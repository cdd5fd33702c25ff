// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math"
	"math/rand/v2"
)

// Exponential is work of that mean whose end is as near after any time.
func Exponential(mean float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return mean * r.ExpFloat64() }
}

// Lognormal is work of that mean, with a tail: sigma is the standard deviation
// of its logarithm.
func Lognormal(mean, sigma float64) func(*rand.Rand) float64 {
	mu := math.Log(mean) - sigma*sigma/2
	return func(r *rand.Rand) float64 { return math.Exp(mu + sigma*r.NormFloat64()) }
}

// Bimodal is mostly short work: a part of the calls takes times as long.
func Bimodal(mean, part, times float64) func(*rand.Rand) float64 {
	short := mean / (1 - part + part*times)
	return func(r *rand.Rand) float64 {
		if r.Float64() < part {
			return short * times
		}
		return short
	}
}
