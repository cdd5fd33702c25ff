// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package gencmd is the command `curlew gen`: Go code from .proto files, without
// protoc, without plugins to install and without a network.
//
//	curlew gen            # all .proto files below this folder
//	curlew gen --check    # for CI: fails if the code is not what it would be
//	curlew gen --watch    # again, whenever a file is saved
//
// It works without any configuration, and with a curlew.gen.yaml where that does
// not fit. Nothing is written that has not changed, and either all files are
// written or none.
package gencmd
