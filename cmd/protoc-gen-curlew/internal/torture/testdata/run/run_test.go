// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"

	"example.com/golden/clash"
	"example.com/golden/edition"
	"example.com/shared/money"
	"example.com/torture/edition2024"
	"example.com/torture/elsewhere/placed"
	"example.com/torture/genproto/acme/library/v1"
	date "example.com/torture/genproto/acme/type"
	"example.com/torture/legacy"
	"example.com/torture/nested"
	"example.com/torture/optional"
	words "example.com/torture/type/go-words"
)

// librarian serves all methods of the service but Wait, as if that was added.
type librarian struct {
	library.UnimplementedLibraryService
}

func (librarian) GetBook(_ context.Context, in *library.GetBookRequest) (*library.Book, error) {
	return &library.Book{Name: in.Name, Price: &money.Money{Currency: "EUR", Units: 12}}, nil
}

func (librarian) DeleteBook(context.Context, *library.GetBookRequest) (*emptypb.Empty, error) {
	return new(emptypb.Empty), nil
}

func (librarian) UpdateBook(_ context.Context, in *library.UpdateBookRequest) (*library.Book, error) {
	return in.Book, nil
}

func (librarian) PriceOf(_ context.Context, in *library.Book) (*money.Money, error) {
	return in.Price, nil
}

func (librarian) Published(_ context.Context, in *wrapperspb.StringValue) (*date.Date, error) {
	year, err := strconv.Atoi(in.Value)
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "no year: %w", err)
	}
	return &date.Date{Year: int32(year)}, nil
}

func (librarian) Read(ctx context.Context, in *library.GetBookRequest, stream library.LibraryService_ReadServer) error {
	for _, page := range []string{"one", "two"} {
		if err := stream.Send(ctx, wrapperspb.String(in.Name+" "+page)); err != nil {
			return err
		}
	}
	return nil
}

func (librarian) Write(ctx context.Context, stream library.LibraryService_WriteServer) (*wrapperspb.Int64Value, error) {
	n := 0
	for page, err := range stream.All(ctx) {
		if err != nil {
			return nil, err
		}
		n += len(page.Value)
	}
	return wrapperspb.Int64(int64(n)), nil
}

func (librarian) Discuss(ctx context.Context, stream library.LibraryService_DiscussServer) error {
	for {
		said, err := stream.Receive(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := anypb.New(said)
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, answer); err != nil {
			return err
		}
	}
}

func TestAllKinds(t *testing.T) {
	ctx := t.Context()
	c := library.NewLibraryServiceClient(curlewtest.Serve(t, library.NewLibraryService(librarian{})))

	book, err := c.GetBook(ctx, &library.GetBookRequest{Name: "Emma"})
	if err != nil || book.Name != "Emma" || book.Price.Units != 12 {
		t.Errorf("GetBook: %v, %v", book, err)
	}
	if price, err := c.PriceOf(ctx, book); err != nil || price.Currency != "EUR" {
		t.Errorf("PriceOf: %v, %v", price, err)
	}
	if d, err := c.Published(ctx, wrapperspb.String("1815")); err != nil || d.Year != 1815 {
		t.Errorf("Published: %v, %v", d, err)
	}
	if d, err := c.Published(ctx, wrapperspb.String("soon")); d != nil || !errors.Is(err, curlew.InvalidArgument) {
		t.Errorf("Published: %v, %v", d, err)
	}

	pages, err := c.Read(ctx, &library.GetBookRequest{Name: "Emma"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for page, err := range pages.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Value)
	}
	if !slices.Equal(got, []string{"Emma one", "Emma two"}) {
		t.Errorf("Read: %q", got)
	}

	write, err := c.Write(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"ab", "cde"} {
		if err := write.Send(ctx, wrapperspb.String(page)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := write.CloseAndReceive(ctx); err != nil || n.Value != 5 {
		t.Errorf("Write: %v, %v", n, err)
	}

	discuss, err := c.Discuss(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer discuss.Close()
	said := &structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewNumberValue(1)}}
	if err := discuss.Send(ctx, said); err != nil {
		t.Fatal(err)
	}
	answer, err := discuss.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := answer.UnmarshalNew(); err != nil || !proto.Equal(back, said) {
		t.Errorf("Discuss: %v, %v", back, err)
	}
	if err := discuss.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := discuss.Receive(ctx); err != io.EOF {
		t.Errorf("Discuss ends with %v", err)
	}
}

// TestMethodIsAdded calls a method that the server does not know yet.
func TestMethodIsAdded(t *testing.T) {
	c := library.NewLibraryServiceClient(curlewtest.Serve(t, library.NewLibraryService(librarian{})))
	reply, err := c.Wait(t.Context(), durationpb.New(1))
	if reply != nil || !errors.Is(err, curlew.Unimplemented) {
		t.Errorf("Wait: %v, %v", reply, err)
	}
	var all library.LibraryService = library.UnimplementedLibraryService{}
	s := curlewtest.Serve(t, library.NewLibraryService(all))
	for _, m := range library.NewLibraryService(all).Methods() {
		stream, err := s.Open(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if !m.Kind().ManyRequests() {
			// An error here, the end of the call, is told by Receive.
			_ = stream.Send(t.Context(), m.NewRequest())
		}
		_ = stream.CloseSend()
		if err := stream.Receive(t.Context(), m.NewReply()); !errors.Is(err, curlew.Unimplemented) {
			t.Errorf("%s: %v", m.FullName(), err)
		}
		stream.Close()
	}
}

// TestMethods looks at what a service says of its methods.
func TestMethods(t *testing.T) {
	s := library.NewLibraryService(librarian{})
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	if s.Name() != "acme.library.v1.LibraryService" || s.Name() != library.LibraryServiceName {
		t.Errorf("the service is called %s", s.Name())
	}
	kinds := make(map[string]string)
	for _, m := range s.Methods() {
		kinds[m.Name()] = m.Kind().String() + " " + m.Idempotency().String()
	}
	for name, want := range map[string]string{
		"GetBook": "unary no_side_effects", "DeleteBook": "unary idempotent", "UpdateBook": "unary unknown",
		"Read": "server_stream unknown", "Write": "client_stream unknown", "Discuss": "bidi unknown",
	} {
		if kinds[name] != want {
			t.Errorf("%s is %s, want %s", name, kinds[name], want)
		}
	}
}

// caller remembers which method a client calls.
type caller struct {
	curlew.Caller
	called []*curlew.Method
}

func (c *caller) Invoke(_ context.Context, m *curlew.Method, _, _ any, _ ...curlew.CallOption) error {
	c.called = append(c.called, m)
	return nil
}

func (c *caller) Open(_ context.Context, m *curlew.Method, _ ...curlew.CallOption) (curlew.Stream, error) {
	c.called = append(c.called, m)
	return nil, curlew.NewError(curlew.Unavailable, "nobody is there")
}

// TestClientMethods looks at what clients pass: the same Method by every client.
func TestClientMethods(t *testing.T) {
	var c caller
	for range 2 {
		if _, err := library.NewLibraryServiceClient(&c).GetBook(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if m := c.called[0]; m != c.called[1] || m.FullName() != "acme.library.v1.LibraryService/GetBook" || m.Idempotency() != curlew.NoSideEffects {
		t.Errorf("clients call %v and %v", m.FullName(), c.called[1].FullName())
	}
	read, err := library.NewLibraryServiceClient(&c).Read(t.Context(), nil)
	write, err2 := library.NewLibraryServiceClient(&c).Write(t.Context())
	discuss, err3 := library.NewLibraryServiceClient(&c).Discuss(t.Context())
	if read != nil || write != nil || discuss != nil || err == nil || err2 == nil || err3 == nil {
		t.Errorf("a stream that was not opened is %v, %v, %v and not nil", read, write, discuss)
	}
}

// fake is a client for tests of those who call: it embeds the interface, so it
// compiles when a method is added, and its stream is written by hand.
type fake struct{ library.LibraryServiceClient }

type fakePages struct {
	library.LibraryService_ReadClient
	left []string
}

func (fake) Read(context.Context, *library.GetBookRequest, ...curlew.CallOption) (library.LibraryService_ReadClient, error) {
	return &fakePages{left: []string{"only"}}, nil
}

func (f *fakePages) Receive(context.Context) (*wrapperspb.StringValue, error) {
	if len(f.left) == 0 {
		return nil, io.EOF
	}
	page := f.left[0]
	f.left = f.left[1:]
	return wrapperspb.String(page), nil
}

func TestFakes(t *testing.T) {
	var c library.LibraryServiceClient = fake{}
	pages, err := c.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := pages.Receive(t.Context()); err != nil || page.Value != "only" {
		t.Errorf("%v, %v", page, err)
	}
	// A handler is tested without a server.
	var sent sink
	if err := (librarian{}).Read(t.Context(), &library.GetBookRequest{Name: "Emma"}, &sent); err != nil || len(sent) != 2 {
		t.Errorf("%v, %v", sent, err)
	}
}

type sink []string

func (s *sink) Send(_ context.Context, m *wrapperspb.StringValue) error {
	*s = append(*s, m.Value)
	return nil
}

// The other services answer what they are asked.
type (
	keywords struct {
		words.UnimplementedInterfaceService
	}
	trees struct {
		nested.UnimplementedTreesService
	}
	archive struct {
		legacy.UnimplementedArchiveService
	}
	optionals struct{}
	news      struct {
		edition2024.UnimplementedNewsService
	}
	placing struct{}
	store   struct {
		clash.UnimplementedStore_Service
	}
	opaque   struct{}
	exchange struct{}
)

func (keywords) Func(_ context.Context, in *words.Error) (*words.String_, error) {
	return &words.String_{Text: in.Text}, nil
}

func (keywords) Error_(ctx context.Context, stream words.Interface_Error_Server) error {
	for in, err := range stream.All(ctx) {
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, &words.String_{Text: in.Text}); err != nil {
			return err
		}
	}
	return nil
}

func (trees) Left(_ context.Context, in *nested.Oak_Leaf) (*nested.Elm_Leaf, error) {
	return &nested.Elm_Leaf{Of: in.Of}, nil
}

func (trees) Walk(ctx context.Context, in *nested.Node, stream nested.Trees_WalkServer) error {
	if err := stream.Send(ctx, in); err != nil {
		return err
	}
	for _, child := range in.Children {
		if err := (trees{}).Walk(ctx, child, stream); err != nil {
			return err
		}
	}
	return nil
}

func (archive) Store(_ context.Context, in *legacy.Record) (*legacy.Record, error) { return in, nil }

func (archive) Items(ctx context.Context, in *legacy.Record, stream legacy.Archive_ItemsServer) error {
	for _, item := range in.Item {
		if err := stream.Send(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func (optionals) Is(_ context.Context, in *optional.Maybe) (*optional.Maybe, error) { return in, nil }

func (news) Tell(_ context.Context, in *edition2024.New) (*edition2024.New, error) { return in, nil }

func (placing) Place(_ context.Context, in *placed.Placed) (*placed.Placed, error) { return in, nil }

func (store) XGet(_ context.Context, in *clash.StoreClient) (*clash.StoreClient, error) {
	return in, nil
}

func (opaque) Call(_ context.Context, in *edition.Tree) (*edition.Tree, error) {
	return edition.Tree_builder{Name: proto.String(in.GetName() + "!"), Children: []*edition.Tree{in}}.Build(), nil
}

func (exchange) Convert(_ context.Context, in *money.Money) (*money.Money, error) { return in, nil }

func TestHardFiles(t *testing.T) {
	ctx := t.Context()
	c := curlewtest.Serve(t,
		words.NewInterfaceService(keywords{}), nested.NewTreesService(trees{}), legacy.NewArchiveService(archive{}),
		optional.NewOptionalsService(optionals{}), edition2024.NewNewsService(news{}), placed.NewPlacingService(placing{}),
		clash.NewStore_Service(store{}), edition.NewOpaqueService(opaque{}), money.NewExchangeService(exchange{}),
	)
	check := func(what string, err error, ok bool) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: error %v, or not what was asked", what, err)
		}
	}
	text, err := words.NewInterfaceClient(c).Func(ctx, &words.Error{Text: "go"})
	check("keywords", err, text.GetText() == "go")
	both, err := words.NewInterfaceClient(c).Error_(ctx)
	if err != nil {
		t.Fatal(err)
	}
	check("keywords: send", both.Send(ctx, &words.Error{Text: "select"}), true)
	check("keywords: end", both.CloseSend(), true)
	text, err = both.Receive(ctx)
	check("keywords: receive", err, text.GetText() == "select")
	both.Close()

	leaf, err := nested.NewTreesClient(c).Left(ctx, &nested.Oak_Leaf{Of: "an oak"})
	check("nested messages of one name", err, leaf.GetOf() == "an oak")
	walk, err := nested.NewTreesClient(c).Walk(ctx, &nested.Node{Name: "a", Children: []*nested.Node{{Name: "b"}, {Name: "c"}}})
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for node, err := range walk.All(ctx) {
		check("recursive messages", err, true)
		names += node.GetName()
	}
	check("recursive messages", nil, names == "abc")

	record := &legacy.Record{Key: proto.String("k"), Item: []*legacy.Record_Item{{Name: proto.String("i")}}}
	proto.SetExtension(record, legacy.E_Note, "noted")
	stored, err := legacy.NewArchiveClient(c).Store(ctx, record)
	check("proto2", err, proto.Equal(stored, record) && stored.GetCount() == 7)
	_, err = legacy.NewArchiveClient(c).Store(ctx, new(legacy.Record))
	check("proto2: a required field is missing", nil, err != nil)
	items, err := legacy.NewArchiveClient(c).Items(ctx, record)
	if err != nil {
		t.Fatal(err)
	}
	item, err := items.Receive(ctx)
	check("proto2: groups", err, item.GetName() == "i")
	items.Close()

	for _, maybe := range []*optional.Maybe{{}, {Text: proto.String("")}} {
		back, err := optional.NewOptionalsClient(c).Is(ctx, maybe)
		check("proto3 optional", err, (back.Text == nil) == (maybe.Text == nil))
	}
	told, err := edition2024.NewNewsClient(c).Tell(ctx, edition2024.New_builder{Name: proto.String("x")}.Build())
	check("edition 2024", err, told.GetName() == "x")
	tree, err := edition.NewOpaqueClient(c).Call(ctx, edition.Tree_builder{Name: proto.String("t")}.Build())
	check("opaque API", err, tree.GetName() == "t!" && tree.GetChildren()[0].GetName() == "t")
	there, err := placed.NewPlacingClient(c).Place(ctx, &placed.Placed{Text: "p"})
	check("M option", err, there.GetText() == "p")
	_, err = clash.NewStore_Client(c).XGet(ctx, new(clash.StoreClient))
	check("a method called _get", err, true)
	euros, err := money.NewExchangeClient(c).Convert(ctx, &money.Money{Units: 5})
	check("another module", err, euros.GetUnits() == 5)
}
