// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"math"
	"reflect"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/curlewrpc/curlew"
)

func valueCases() []testCase {
	return []testCase{
		{name: "values/plain Go", run: plainValues},
		{name: "values/scalars", run: scalars},
		{name: "values/protobuf", run: protobufValues},
		{name: "values/compressed", run: compressed},
	}
}

// Bird is a message with a field of each sort.
type Bird struct {
	Name     string
	Seen     time.Time
	Flight   time.Duration
	Ringed   bool
	Small    int8
	Least    int64
	Most     uint64
	Wingspan float64
	Weight   float32
	Song     []byte
	Family   Family
	Names    []string
	Counts   []int32
	Places   map[string]int64
	Egg      *Egg
	Mate     *Bird
	Chicks   []*Bird
}

// Family is an enumeration.
type Family int32

// Egg is a message inside another.
type Egg struct {
	Spots int
	Note  string
}

// Pair is two numbers.
type Pair struct{ A, B int }

// Aviary is a receiver in the two common shapes.
type Aviary struct{}

// Echo returns what it gets.
func (Aviary) Echo(_ context.Context, b *Bird) (*Bird, error) { return b, nil }

// Add adds in the shape of net/rpc, with a scalar reply.
func (Aviary) Add(p *Pair, sum *int) error {
	*sum = p.A + p.B
	return nil
}

// Shout takes and returns scalars.
func (Aviary) Shout(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil }

func (r *rig) serveAviary() {
	r.Helper()
	s, err := curlew.Reflect(Aviary{})
	r.must(err, "Reflect")
	r.serveService(s)
}

// plainValues: each sort of field of a plain Go message arrives as it was.
func plainValues(r *rig) {
	r.serveAviary()
	chick := &Bird{Name: "chick", Family: -1, Small: -128}
	for name, bird := range map[string]*Bird{
		"all fields": {
			Name: "Numenius arquata, Großer Brachvogel 大杓鷸", Seen: time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC),
			Flight: -90*time.Minute + time.Nanosecond, Ringed: true, Small: 127, Least: math.MinInt64, Most: math.MaxUint64,
			Wingspan: math.Pi, Weight: -0.5, Song: []byte("\x00cur\xfflee"), Family: 7, Names: []string{"curlew", "", "whaup"},
			Counts: []int32{math.MinInt32, 0, math.MaxInt32}, Places: map[string]int64{"": -1, "bog": 1 << 53},
			Egg: &Egg{Spots: 12, Note: "olive"}, Mate: &Bird{Name: "mate", Egg: &Egg{Note: "same"}}, Chicks: []*Bird{chick, chick},
		},
		"no fields":   {},
		"deep nested": nest(50),
	} {
		got := new(Bird)
		err := r.callByName("Aviary.Echo", bird, got)
		r.must(err, name)
		r.check(reflect.DeepEqual(got, bird), "%s: got %+v, want %+v", name, got, bird)
	}
}

func nest(depth int) *Bird {
	b := &Bird{Name: "innermost"}
	for range depth {
		b = &Bird{Mate: b}
	}
	return b
}

// scalars: a method's argument and reply may be no structs.
func scalars(r *rig) {
	r.serveAviary()
	var sum int
	r.must(r.callByName("Aviary.Add", &Pair{7, 8}, &sum), "a scalar reply")
	equal(r, "the sum", sum, 15)
	r.must(r.callByName("Aviary.Add", Pair{-8, 8}, &sum), "an argument by value")
	equal(r, "the sum", sum, 0)
	var loud string
	r.must(r.callByName("Aviary.Shout", "curlee", &loud), "scalars both ways")
	equal(r, "the shout", loud, "CURLEE")
}

// protobufValues: protobuf messages arrive as they were. Those that the codec
// cannot express are refused before they are sent.
func protobufValues(r *rig) {
	tree, err := structpb.NewStruct(map[string]any{"n": nil, "b": true, "l": []any{1.5, "two", map[string]any{}}})
	r.must(err, "make a struct")
	echoProtobuf(r, tree)
	echoProtobuf(r, durationpb.New(-90*time.Second-time.Nanosecond))
	echoProtobuf(r, timestamppb.New(time.Date(2024, 2, 29, 0, 0, 0, 1, time.UTC)))
	echoProtobuf(r, &fieldmaskpb.FieldMask{Paths: []string{"egg", "mate.egg"}})
	echoProtobuf(r, new(durationpb.Duration))
}

func echoProtobuf[M any, P interface {
	*M
	proto.Message
}](r *rig, want P) {
	r.Helper()
	const name = "wiretest.Values/Echo"
	r.serveService(curlew.NewService("wiretest.Values",
		curlew.Unary("Echo", func(_ context.Context, m *M) (*M, error) { return m, nil })))
	got := P(new(M))
	err := r.Invoke(r.ctx, curlew.Unary[M, M](name, nil), want, got, r.options(nil)...)
	if curlew.CodeOf(err) == curlew.Unimplemented {
		r.fails("a message that the codec cannot express", err, failure{curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent, nil})
		return
	}
	r.must(err, "echo of a protobuf message")
	r.check(proto.Equal(got, want), "%T: got %v, want %v", want, got, want)
}

// compressed: compression changes nothing for the callers, and limits count
// what comes out of it, so that a few bytes do not become gigabytes.
func compressed(r *rig) {
	const limit = 10_000
	r.limits.server.MaxReceive = limit
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for _, k := range kinds() {
		if !r.carries(k) {
			continue
		}
		for _, text := range []string{"", "short", numbered(0, limit/2)} {
			got, err := r.exchange(r.ctx, k, text, curlew.WithCompression("gzip"))
			r.must(err, "a compressed call")
			equal(r, "its reply", got, text)
		}
		_, err := r.exchange(r.ctx, k, numbered(0, 10*limit), curlew.WithCompression("gzip"))
		r.fails("a message above the limit once it is decompressed", err, tooLarge(curlew.OriginServer, limit))
		_, err = r.exchange(r.ctx, k, "x", curlew.WithCompression("no-such-thing"))
		r.must(err, "a call with a compression that nobody knows goes as it is")
	}
}
