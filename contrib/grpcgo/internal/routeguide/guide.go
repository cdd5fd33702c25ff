// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package routeguide

import (
	"context"
	"io"
	"math"
	"sync"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/examples/route_guide/routeguide"
	"google.golang.org/protobuf/proto"
)

// Guide implements the example's service, for grpc-go and Curlew alike.
type Guide struct {
	pb.UnimplementedRouteGuideServer
	Features []*pb.Feature // not changed once calls are served

	mu    sync.Mutex
	notes []*pb.RouteNote
}

// GetFeature returns the feature at a point, one without a name if there is none.
func (g *Guide) GetFeature(_ context.Context, p *pb.Point) (*pb.Feature, error) {
	if f := g.at(p); f != nil {
		return f, nil
	}
	return &pb.Feature{Location: p}, nil
}

func (g *Guide) at(p *pb.Point) *pb.Feature {
	for _, f := range g.Features {
		if proto.Equal(f.Location, p) {
			return f
		}
	}
	return nil
}

// ListFeatures sends the features in a rectangle.
func (g *Guide) ListFeatures(r *pb.Rectangle, stream grpc.ServerStreamingServer[pb.Feature]) error {
	for _, f := range g.Features {
		if !within(f.Location, r) {
			continue
		}
		if err := stream.Send(f); err != nil {
			return err
		}
	}
	return nil
}

func within(p *pb.Point, r *pb.Rectangle) bool {
	between := func(x, a, b int32) bool { return min(a, b) <= x && x <= max(a, b) }
	return between(p.Latitude, r.Lo.GetLatitude(), r.Hi.GetLatitude()) &&
		between(p.Longitude, r.Lo.GetLongitude(), r.Hi.GetLongitude())
}

// RecordRoute sums up the points of a route.
func (g *Guide) RecordRoute(stream grpc.ClientStreamingServer[pb.Point, pb.RouteSummary]) error {
	summary := new(pb.RouteSummary)
	var last *pb.Point
	for {
		p, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(summary)
		}
		if err != nil {
			return err
		}
		summary.PointCount++
		if g.at(p) != nil {
			summary.FeatureCount++
		}
		if last != nil {
			summary.Distance += distance(last, p)
		}
		last = p
	}
}

// distance returns about how many metres there are between two points that are
// near each other.
func distance(a, b *pb.Point) int32 {
	const metresPerUnit = 6371000 * math.Pi / 180 / 1e7
	north := float64(a.Latitude - b.Latitude)
	east := float64(a.Longitude-b.Longitude) * math.Cos(float64(a.Latitude)/1e7*math.Pi/180)
	return int32(metresPerUnit * math.Hypot(north, east))
}

// RouteChat keeps each note and answers it with all that were left at its place.
func (g *Guide) RouteChat(stream grpc.BidiStreamingServer[pb.RouteNote, pb.RouteNote]) error {
	for {
		note, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, n := range g.leave(note) {
			if err := stream.Send(n); err != nil {
				return err
			}
		}
	}
}

// leave keeps a note and returns all at its place.
func (g *Guide) leave(note *pb.RouteNote) []*pb.RouteNote {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, note)
	var there []*pb.RouteNote
	for _, n := range g.notes {
		if proto.Equal(n.Location, note.Location) {
			there = append(there, n)
		}
	}
	return there
}
