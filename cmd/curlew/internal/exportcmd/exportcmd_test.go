// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package exportcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/schema"
	"github.com/curlewrpc/curlew/server"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/exportcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

type (
	// Shop is a plain Go service with fields of all kinds.
	Shop  struct{}
	Order struct {
		Sku     string `json:"sku"`
		Count   int    `curlew:"7"`
		Weight  float64
		Labels  map[string]int64
		Data    []byte
		At      time.Time
		Wait    time.Duration
		Note    *string
		Parts   []Order
		Small   uint8
		Address struct{ Street string }
	}
	Event struct{ Name string }
)

func (Shop) Buy(_ context.Context, in *Order) (*Order, error) { return in, nil }

func (Shop) Count(_ context.Context, in int64) (int64, error) { return in, nil }

func (Shop) Watch(context.Context, *Order, curlew.Sender[Event]) error { return nil }

func (Shop) Tell(context.Context, curlew.Receiver[Event]) (*Order, error) { return new(Order), nil }

// serve serves a Shop until the test ends and returns the address.
func serve(t *testing.T) string {
	t.Helper()
	shop, err := curlew.Reflect(Shop{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.WithLogger(slog.New(slog.DiscardHandler)))
	if err == nil {
		err = s.Register(shop)
	}
	ctx, stop := context.WithCancel(context.Background())
	if err == nil {
		err = s.Listen(ctx, "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s.Addrs()[0].String()
}

// run runs the command and returns its exit status and what it printed.
func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs}
	status = env.Run(t.Context(), env.Root("curlew", "", exportcmd.New(env)), append([]string{"export"}, args...))
	return status, out.String(), errs.String()
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := run(t, args...)
	if status != 0 {
		t.Fatalf("%v: the exit status is %d\n%s", args, status, errs)
	}
	return out
}

// TestProto compiles what was exported and compares with what the server tells.
func TestProto(t *testing.T) {
	address := serve(t)
	dir := t.TempDir()
	var listed struct{ Files []string }
	if err := json.Unmarshal([]byte(must(t, "proto", address, "--out", dir, "--json")), &listed); err != nil {
		t.Fatal(err)
	}
	compiled, err := protofiles.Compile(t.Context(), []string{dir}, listed.Files...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	told, err := reflection.NewClient(c).Files(t.Context(), "Shop")
	if err != nil {
		t.Fatal(err)
	}
	if len(listed.Files) < 2 {
		t.Errorf("the files are %q, want one for the service and one for messages at least", listed.Files)
	}
	for _, fd := range compiled.Named {
		want, err := told.FindFileByPath(fd.Path())
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range fd.Messages().Len() {
			mine, theirs := fd.Messages().Get(i), want.Messages().Get(i)
			if schema.Hash(mine) != schema.Hash(theirs) {
				t.Errorf("%s is another message", mine.FullName())
			}
		}
		if a, b := services(fd), services(want); !proto.Equal(a, b) {
			t.Errorf("the services are %v, want %v", a, b)
		}
	}
	printed := must(t, "proto", address, "--service", "Shop")
	for _, want := range []string{"service Shop {", "rpc Watch(", "stream ", "map<string, int64> Labels", "google.protobuf.Timestamp At"} {
		if !strings.Contains(printed, want) {
			t.Errorf("there is no %q in\n%s", want, printed)
		}
	}
}

// services is a file with the services of another alone.
func services(file protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{Service: protodesc.ToFileDescriptorProto(file).Service}
}

// TestProtoUnchanged is of files that are so already.
func TestProtoUnchanged(t *testing.T) {
	address, dir := serve(t), t.TempDir()
	names := strings.Fields(must(t, "proto", address, "--out", dir))
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, name := range names {
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "proto", address, "--out", dir)
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(old) {
			t.Errorf("%s was written again (%v)", name, err)
		}
	}
	entries, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("%q is left over", entries)
	}
}

// TestOpenAPI calls a plain Go service by HTTP and holds what it answers to the
// schemas that were exported.
func TestOpenAPI(t *testing.T) {
	address := serve(t)
	status, out, errs := run(t, "openapi", address, "--title", "Shop", "--json")
	if status != 0 || !strings.Contains(errs, "left out: Shop/Watch") || !strings.Contains(errs, "left out: Shop/Tell") ||
		!strings.Contains(errs, "left out; the document's description lists them, too\n") || !strings.Contains(out, "Not in this document:\\n\\n- Shop/") {
		t.Fatalf("the exit status is %d\n%s", status, errs)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	paths := document.(map[string]any)["paths"].(map[string]any)
	for method, request := range map[string]string{
		"Buy": `{"sku":"a","Count":7,"Weight":1.5,"Labels":{"k":9007199254740993},"Data":"AAE=","At":"2026-01-02T03:04:05Z","Wait":"1.5s",` +
			`"Note":"n","Parts":[{"Count":-9007199254740993}],"Small":255,"Address":{"Street":"s"}}`,
		"Count": `{"value":9007199254740993}`,
	} {
		post := paths["/Shop/"+method].(map[string]any)["post"].(map[string]any)
		reply, err := http.Post("http://"+address+"/Shop/"+method, "application/json", strings.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Fatalf("%s %v: %s", reply.Status, err, body)
		}
		response := post["responses"].(map[string]any)["200"].(map[string]any)
		for name, text := range map[string]string{
			reference(post["requestBody"]): request,
			reference(response):            string(body),
		} {
			if err := validate(t, document, name, text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// reference returns the name of the schema of JSON within an object.
func reference(in any) string {
	content := in.(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)
	return content["schema"].(map[string]any)["$ref"].(string)
}

func validate(t *testing.T, document any, name, text string) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	const url = "https://shop.example/openapi.json"
	if err := c.AddResource(url, document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(url + name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// routes are files that others' code is generated from.
const routes = "../../../../wire/jsonhttp/testproto"

// TestSources exports from files.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	compiled, err := protofiles.Compile(t.Context(), []string{routes}, "routes.proto")
	if err != nil {
		t.Fatal(err)
	}
	set := new(descriptorpb.FileDescriptorSet)
	for fd := range compiled.Files.RangeFiles {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(fd))
	}
	binary, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	descriptors := filepath.Join(dir, "routes.binpb")
	if err := os.WriteFile(descriptors, binary, 0o600); err != nil {
		t.Fatal(err)
	}
	want := must(t, "openapi", "-q", filepath.Join(routes, "routes.proto"), "-I", routes, "--service", "test.v1.Routes", "--format", "json")
	if got := must(t, "openapi", "-q", routes, "-I", routes, "--service", "test.v1.Routes", "--format", "json"); got != want {
		t.Error("a folder says something else than its file")
	}
	file := filepath.Join(dir, "sub", "openapi.json")
	if out := must(t, "openapi", "-q", descriptors, "--service", "test.v1.Routes", "--out", file); out != "" {
		t.Errorf("beside the file %s is printed", out)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A descriptor set of this kind has no comments.
	if !slices.Equal(keys(t, got), keys(t, []byte(want))) {
		t.Error("a descriptor set says something else than its .proto file")
	}
}

// keys returns the paths of a document.
func keys(t *testing.T, document []byte) []string {
	t.Helper()
	var d struct{ Paths map[string]any }
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range d.Paths {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestRefused(t *testing.T) {
	address := serve(t)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"proto"}, cli.UsageStatus, "takes one source"},
		{[]string{"openapi", "a", "b"}, cli.UsageStatus, "takes one source"},
		{[]string{"openapi", "a", "--format", "xml"}, cli.UsageStatus, "use yaml or json"},
		{[]string{"proto", address, "--json"}, cli.UsageStatus, "give --out"},
		{[]string{"proto", address, "--service", "Shp"}, 1, "Shp"},
		{[]string{"proto", filepath.Join(routes, "routes.proto"), "-I", routes}, 1, "Take the .proto file"},
		{[]string{"openapi", filepath.Join(routes, "routes.proto"), "-I", routes, "--service", "test.v1.Route"}, 1, "Did you mean test.v1.Routes"},
		{[]string{"openapi", t.TempDir()}, 1, "no .proto files"},
		{[]string{"openapi", filepath.Join(routes, "google", "api", "http.proto"), "-I", routes}, 1, "no services"},
	} {
		status, _, errs := run(t, c.args...)
		if status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%v: the exit status is %d, want %d and %q\n%s", c.args, status, c.status, c.want, errs)
		}
	}
}

// TestNotWritten is of a folder that cannot be written to.
func TestNotWritten(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs := run(t, "openapi", filepath.Join(routes, "routes.proto"), "-I", routes, "--service", "test.v1.Routes", "-o", filepath.Join(blocked, "a.yaml"))
	if status != 1 || !strings.Contains(errs, blocked) {
		t.Errorf("the exit status is %d\n%s", status, errs)
	}
}
