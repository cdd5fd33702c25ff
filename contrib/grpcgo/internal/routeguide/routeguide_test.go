// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package routeguide_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pb "google.golang.org/grpc/examples/route_guide/routeguide"
	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/contrib/grpcgo/internal/routeguide"
	"github.com/curlewrpc/curlew/curlewtest"
)

func place(latitude, longitude int32) *pb.Point {
	return &pb.Point{Latitude: latitude, Longitude: longitude}
}

func guide() *routeguide.Guide {
	return &routeguide.Guide{Features: []*pb.Feature{
		{Name: "Berkshire Valley", Location: place(409146138, -746188906)},
		{Name: "Patriots Path", Location: place(407838351, -746143763)},
		{Name: "far away", Location: place(515000000, 0)},
	}}
}

// serve runs a server on a port of its own and returns its address.
func serve(t *testing.T, run func(context.Context, net.Listener) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func before(t *testing.T) string {
	return serve(t, func(ctx context.Context, l net.Listener) error {
		context.AfterFunc(ctx, func() { l.Close() })
		return routeguide.ServeBefore(l, guide())
	})
}

func after(t *testing.T) string {
	return serve(t, func(ctx context.Context, l net.Listener) error { return routeguide.ServeAfter(ctx, l, guide()) })
}

// tour does what the example's client does.
func tour(c pb.RouteGuideClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	feature, err := c.GetFeature(ctx, place(409146138, -746188906))
	if err != nil || feature.Name != "Berkshire Valley" {
		return fmt.Errorf("GetFeature: %v, %w", feature, err)
	}
	if feature, err = c.GetFeature(ctx, place(0, 0)); err != nil || feature.Name != "" {
		return fmt.Errorf("GetFeature where nothing is: %v, %w", feature, err)
	}
	return errors.Join(list(ctx, c), record(ctx, c), chat(ctx, c))
}

func list(ctx context.Context, c pb.RouteGuideClient) error {
	stream, err := c.ListFeatures(ctx, &pb.Rectangle{Lo: place(400000000, -750000000), Hi: place(420000000, -730000000)})
	if err != nil {
		return err
	}
	var names []string
	for {
		feature, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		names = append(names, feature.Name)
	}
	if got := strings.Join(names, ", "); got != "Berkshire Valley, Patriots Path" {
		return fmt.Errorf("ListFeatures: %s", got)
	}
	return nil
}

func record(ctx context.Context, c pb.RouteGuideClient) error {
	stream, err := c.RecordRoute(ctx)
	if err != nil {
		return err
	}
	for _, p := range []*pb.Point{place(407838351, -746143763), place(408000000, -746143763), place(409146138, -746188906)} {
		if err := stream.Send(p); err != nil {
			return err
		}
	}
	summary, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if want := (&pb.RouteSummary{PointCount: 3, FeatureCount: 2, Distance: 14547}); !proto.Equal(summary, want) {
		return fmt.Errorf("RecordRoute: %v, want %v", summary, want)
	}
	return nil
}

func chat(ctx context.Context, c pb.RouteGuideClient) error {
	stream, err := c.RouteChat(ctx)
	if err != nil {
		return err
	}
	var got []string
	for _, text := range []string{"first", "second", "third"} {
		if err := stream.Send(&pb.RouteNote{Location: place(1, 2), Message: text}); err != nil {
			return err
		}
		for answer := ""; answer != text; { // all notes so far
			note, err := stream.Recv()
			if err != nil {
				return err
			}
			answer = note.Message
			got = append(got, answer)
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("RouteChat ended with %v", err)
	}
	if all := strings.Join(got, " "); all != "first first second first second third" {
		return fmt.Errorf("RouteChat: %s", all)
	}
	return nil
}

// TestTour: servers and clients move in any order.
func TestTour(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(*testing.T) string
		call  func(string, func(pb.RouteGuideClient) error) error
	}{
		{"nothing has moved", before, routeguide.CallBefore},
		{"the server has", after, routeguide.CallBefore},
		{"the client has", before, routeguide.CallGRPC},
		{"both have, and speak gRPC", after, routeguide.CallGRPC},
		{"both have", after, routeguide.CallAfter},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.call(c.serve(t), tour); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestProgram: the example's own client calls the server that has moved.
func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "client.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "google.golang.org/grpc/examples/route_guide/client")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "-addr", after(t)).CombinedOutput()
	if err != nil {
		t.Errorf("the program ended with %v", err)
	}
	for _, want := range []string{"Berkshire Valley", `Feature: name: "Patriots Path"`, "Route summary", "Got message Sixth message"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in what it printed:\n%s", want, out)
		}
	}
}

// TestJSON: after the move the service answers curl, too.
func TestJSON(t *testing.T) {
	resp, err := http.Post("http://"+after(t)+"/routeguide.RouteGuide/GetFeature", "application/json",
		strings.NewReader(`{"latitude":409146138,"longitude":-746188906}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(reply), "Berkshire Valley") {
		t.Errorf("got %s, %v", reply, err)
	}
}

// TestInterceptors: those for grpc-go run on both sides.
func TestInterceptors(t *testing.T) {
	var text bytes.Buffer
	log.SetOutput(&text)
	defer log.SetOutput(os.Stderr)
	services, err := routeguide.LoggedServices(guide())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := routeguide.LoggedConn(curlewtest.Serve(t, services...))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := tour(pb.NewRouteGuideClient(conn)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"served /routeguide.RouteGuide/GetFeature", "called /routeguide.RouteGuide/GetFeature"} {
		if n := strings.Count(text.String(), want); n != 2 {
			t.Errorf("%q is in the log %d times:\n%s", want, n, &text)
		}
	}
}
