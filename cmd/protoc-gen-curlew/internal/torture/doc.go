// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package torture generates code from .proto files that are as hard as real
// ones get, compiles it and runs it: keywords as names, messages of one name,
// names that clash, packages in several Go modules, files of all editions. It is
// a module of its own because it compiles .proto files, which needs a library.
package torture
