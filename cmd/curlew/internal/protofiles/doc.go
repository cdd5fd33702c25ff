// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package protofiles compiles .proto files, without protoc and without a network.
//
// [Compile] reads files and all that they import, and gives linked descriptors
// with their comments. The files of google/protobuf/ are always there. Where no
// import path is given it finds the folders from which all imports resolve.
//
// What is wrong with the files is an [Error]: every problem with file, line,
// column, the line itself and, where there is one, the next step.
package protofiles
