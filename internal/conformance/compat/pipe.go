// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"encoding/binary"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
)

// maxMessage bounds what the runner may send at once; its messages are of up to
// some hundred kilobytes.
const maxMessage = 64 << 20

// Read reads the next message of the runner's: four bytes of length, big-endian,
// and the message as protobuf. It returns io.EOF at the end of r.
func Read(r io.Reader, m proto.Message) error {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxMessage {
		return fmt.Errorf("a message of %d bytes on standard input; %d at most", n, maxMessage)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("reading a message of %d bytes: %w", n, err)
	}
	return proto.Unmarshal(b, m)
}

// Write writes a message for the runner, in one Write.
func Write(w io.Writer, m proto.Message) error {
	b, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, 4), m)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	_, err = w.Write(b)
	return err
}
