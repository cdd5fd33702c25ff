// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/typepb"
)

type Color int

func (Color) EnumValues() map[int32]string {
	return map[int32]string{0: "Unknown", 1: "Red", 2: "Green", -1: "Infra"}
}

type Size uint8

func (Size) EnumValues() map[int32]string { return map[int32]string{0: "Unknown", 7: "Large"} }

type Label string

type Base struct {
	ID   int64 `json:"id"`
	Kind string
}

type Audit struct{ By, Note string }

type Point struct{ X, Y float64 }

type Tree struct {
	Value    int
	Left     *Tree
	Right    *Tree
	Children []Tree
	Named    map[string]*Tree
}

// Everything has a field of each shape and kind.
type Everything struct {
	Base
	*Audit

	Bool    bool
	Int     int
	Int8    int8
	Int16   int16
	Int32   int32
	Int64   int64
	Uint    uint
	Uint8   uint8
	Uint16  uint16
	Uint32  uint32
	Uint64  uint64
	Float32 float32
	Float64 float64
	String  string
	Label   Label
	Bytes   []byte
	Hash    [4]byte
	Color   Color
	Size    Size
	Point   Point
	Next    *Everything
	Time    time.Time
	Span    time.Duration

	OptBool   *bool
	OptInt    *int
	OptString *string
	OptFloat  *float32
	OptBytes  *[]byte
	OptHash   *[2]byte
	OptColor  *Color
	OptTime   *time.Time
	OptSpan   *time.Duration

	Bools     []bool
	Ints      []int
	Int8s     []int8
	Uint16s   []uint16
	Uint32s   []uint32
	Floats    []float32
	Doubles   []float64
	Strings   []string
	Blobs     [][]byte
	Hashes    [][3]byte
	Colors    []Color
	Sizes     []Size
	Points    []Point
	PointPtrs []*Point
	Times     []time.Time
	Spans     []time.Duration

	Triple [3]int
	Pair   [2]Point
	Words  [2]string

	ByName   map[string]string
	ByNumber map[int32]Point
	ByFlag   map[bool]*Point
	ByUint   map[uint64][]byte
	ByLabel  map[Label]Color
	ByColor  map[Color]float64
	TimeOf   map[int8]time.Time

	Mask   *fieldmaskpb.FieldMask
	Values []*structpb.Value
	Lists  map[string]*structpb.ListValue
	Syntax typepb.Syntax

	Renamed int    `json:"re-named,omitempty"`
	High    string `curlew:"1000"`
	Skipped any    `curlew:"-"`
	Hidden  any    `json:"-"`
}
