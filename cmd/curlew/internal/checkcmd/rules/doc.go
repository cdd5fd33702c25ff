// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package rules compares two versions of an interface and says what the change
// breaks, for whom, and how to change it compatibly.
//
//	findings := rules.Compare(rules.Set(old.Named), rules.Set(new.Named))
//
// The versions are descriptors; where they come from does not matter. Places are
// known for those that were compiled with source information.
package rules
