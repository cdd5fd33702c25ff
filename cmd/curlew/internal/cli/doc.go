// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is what all commands have in common: where they read and write,
// whether there is a terminal, how they fail, and their exit statuses.
//
// A command's package has a function New(env *cli.Env) *cobra.Command. Its RunE
// returns an error whose text says what was wrong and what to do now; [Status]
// gives it an exit status other than 1, and [Usage] marks what was wrong with the
// command line.
package cli
