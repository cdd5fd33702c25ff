// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

// Default returns the picker that clients use unless told otherwise: a
// [PeakEWMA] within an [Outlier], with their defaults.
func Default() Picker { return new(Outlier) }
