// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package gobmessage makes Go types of message descriptors and converts messages
// to values of them and back, for protocols that carry gobs. Gob matches fields
// by their Go names, so the types need not be those of the server.
//
//	t, err := gobmessage.Of(method.Input())
//	v, err := t.Value(message) // a pointer that gob encodes
//
// A message of a file with the option go_package is what protoc-gen-go makes of
// it. Without the option it stands for a plain Go struct:
//
//   - The Go name of a field is not known if its name does not begin with a
//     capital letter. Gob ignores fields that the other side does not have, so the
//     type has one for each name that is likely: user_id is UserId and UserID.
//   - google.protobuf.Timestamp and Duration are time.Time and time.Duration.
//   - A message whose name ends in Value, List or Map and that has nothing but the
//     field value = 1 is that value, as Curlew derives it of types that are no
//     structs.
//
// Types that refer to themselves cannot be made at run time: they are made to a
// depth of 32, or less if there are many, and values that are deeper are errors. Oneofs, which are
// interfaces in Go, are refused. Embedded structs, arrays and other names than
// the likely ones cannot be told from descriptors: gob says so, if no field at
// all has a counterpart, and ignores single fields that have none.
package gobmessage
