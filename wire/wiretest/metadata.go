// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew"
)

func metadataCases() []testCase {
	return []testCase{
		{name: "metadata/request", needs: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: requestMetadata},
		{name: "metadata/reply", needs: ReplyMetadata, kinds: kinds(), scope: everyNetwork, run: replyMetadata},
		{name: "metadata/with an error", needs: ReplyMetadata, kinds: kinds(), scope: everyNetwork, run: metadataWithError},
		{name: "metadata/header before the first reply", needs: ReplyMetadata | Streams, scope: everyNetwork, run: earlyHeader},
		{name: "metadata/not forwarded", needs: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: notForwarded},
		{name: "metadata/invalid", needs: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: invalidMetadata},
		{name: "metadata/names with a meaning elsewhere", needs: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: reservedNames},
		{name: "metadata/too large", needs: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: hugeMetadata},
		{name: "metadata/request not carried", lacks: RequestMetadata, kinds: kinds(), scope: everyNetwork, run: requestMetadataLost},
		{name: "metadata/reply not carried", lacks: ReplyMetadata, kinds: kinds(), scope: everyNetwork, run: replyMetadataLost},
	}
}

// fields returns the values of a header's keys that begin with "x-", as one text.
func fields(h *curlew.Header) string {
	var b strings.Builder
	for key, value := range h.All() {
		if strings.HasPrefix(key, "x-") {
			fmt.Fprintf(&b, "%s=%q ", key, value)
		}
	}
	return b.String()
}

// bird is metadata with all that is allowed: several values of a key in order,
// an empty value, spaces inside, and any bytes under a -bin key.
func bird() curlew.Header {
	return curlew.NewHeader("x-bird", "curlew", "x-egg-bin", "\x00\xff\n,", "x-bird", "whimbrel", "x-none", "", "x-say", "cur, lew; \"q\"=%20")
}

// valuesByKey compares headers as protocols carry them: the order holds among
// the values of a key, not among keys.
func valuesByKey(r *rig, what string, got, want *curlew.Header) {
	r.Helper()
	for key := range want.All() {
		r.check(slices.Equal(got.Values(key), want.Values(key)),
			"%s: %s is %q, want %q", what, key, got.Values(key), want.Values(key))
	}
}

// requestMetadata: a request's header arrives at the handler.
func requestMetadata(r *rig) {
	want := bird()
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		valuesByKey(r, "the request's header", curlew.CallFrom(ctx).Header(), &want)
		return in, nil
	}})
	var opts []curlew.CallOption
	for key, value := range want.All() {
		opts = append(opts, curlew.WithHeader(key, value))
	}
	for range 2 { // the second time names are known to the connection
		_, err := r.exchange(r.ctx, r.kind, "", opts...)
		r.must(err, "a call with a header")
	}
}

// setReply fills the reply's header and trailer of the call with ctx.
func setReply(ctx context.Context, header, trailer curlew.Header) {
	call := curlew.CallFrom(ctx)
	for key, value := range header.All() {
		call.ReplyHeader().Add(key, value)
	}
	for key, value := range trailer.All() {
		call.ReplyTrailer().Add(key, value)
	}
}

// replyMetadata: header and trailer of a reply arrive, each in its place.
func replyMetadata(r *rig) {
	want, end := bird(), curlew.NewHeader("x-weather", "fog", "x-weather", "rain", "x-sum-bin", "\x80\x00")
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		setReply(ctx, want, end)
		return in, nil
	}})
	for range 2 {
		var header, trailer curlew.Header
		_, err := r.exchange(r.ctx, r.kind, "", curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
		r.must(err, "the call")
		valuesByKey(r, "the reply's header", &header, &want)
		valuesByKey(r, "the reply's trailer", &trailer, &end)
		r.check(header.Get("x-weather") == "", "a trailer arrived as a header: %s", fields(&header))
		r.check(trailer.Get("x-bird") == "", "a header arrived as a trailer: %s", fields(&trailer))
	}
}

// metadataWithError: an error has header and trailer as well.
func metadataWithError(r *rig) {
	want, end := bird(), curlew.NewHeader("x-weather", "fog")
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		setReply(ctx, want, end)
		return "", curlew.NewError(curlew.NotFound, "flown")
	}})
	var header, trailer curlew.Header
	_, err := r.exchange(r.ctx, r.kind, "", curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
	r.fails("the call", err, answered(curlew.NotFound, "flown"))
	both := header.Clone() // an error may send all it has at once
	for key, value := range trailer.All() {
		both.Add(key, value)
	}
	valuesByKey(r, "header and trailer of an error", &both, &want)
	valuesByKey(r, "the trailer of an error", &trailer, &end)
}

// earlyHeader: a handler's SendHeader arrives while the handler still works.
func earlyHeader(r *rig) {
	release := make(chan struct{})
	r.serve(handlers{download: func(ctx context.Context, _ string, out *stream) error {
		call := curlew.CallFrom(ctx)
		call.ReplyHeader().Set("x-bird", "curlew")
		if err := call.SendHeader(ctx); err != nil {
			return err
		}
		<-release
		call.ReplyTrailer().Set("x-weather", "fog")
		return out.send(ctx, "done")
	}})
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer s.Close()
	h, err := s.Header(r.ctx)
	close(release)
	r.must(err, "the header before the first reply")
	equal(r, "the header", h.Get("x-bird"), "curlew")
	_, err = s.only(r.ctx)
	r.must(err, "the reply")
	equal(r, "the trailer", s.Trailer().Get("x-weather"), "fog")
}

// notForwarded: what came in does not go out by itself with a nested call.
func notForwarded(r *rig) {
	depth := 0
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		depth++
		got := curlew.CallFrom(ctx).Header().Get("x-secret")
		if depth == 1 {
			equal(r, "the first handler's header", got, "swordfish")
			return r.exchange(ctx, r.kind, in)
		}
		equal(r, "the nested handler's header", got, "")
		return in, nil
	}})
	_, err := r.exchange(r.ctx, r.kind, "", curlew.WithHeader("x-secret", "swordfish"))
	r.must(err, "the call")
	equal(r, "the depth", depth, 2)
}

// invalidMetadata: what no protocol could carry is refused before it is sent.
func invalidMetadata(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for key, value := range map[string]string{"": "x", "x bird": "x", "x-bird": "line\nbreak", "x-umlaut": "ü", ":path": "/"} {
		_, err := r.exchange(r.ctx, r.kind, "", curlew.WithHeader(key, value))
		r.fails(fmt.Sprintf("a call with header %q: %q", key, value), err,
			failure{curlew.InvalidArgument, curlew.OriginLocal, curlew.NotSent, nil})
	}
	_, err := r.exchange(r.ctx, r.kind, "")
	r.must(err, "a call after the invalid ones")
}

// reservedNames: names that mean something to some protocol do no harm: they
// are carried, dropped or refused, and the connection lives on.
func reservedNames(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for _, key := range []string{
		"content-length", "content-type", "transfer-encoding", "connection", "host", "te", "upgrade", "trailer",
		"grpc-timeout", "grpc-status", "grpc-encoding", "connect-timeout-ms", "connect-protocol-version", "accept-encoding",
	} {
		_, err := r.exchange(r.ctx, r.kind, "reserved", curlew.WithHeader(key, "7"))
		if err != nil {
			equal(r, "the code of a refused "+key, curlew.CodeOf(err), curlew.InvalidArgument)
		}
		got, err := r.exchange(r.ctx, r.kind, "after")
		r.must(err, "a call after one with "+key)
		equal(r, "the reply to a call after one with "+key, got, "after")
	}
}

// hugeMetadata: a header above the limit is an error that says so (in a reply,
// the handler's mistake), and the connection lives on.
func hugeMetadata(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		if in == "reply" {
			curlew.CallFrom(ctx).ReplyHeader().Set("x-huge", strings.Repeat("h", 1<<20))
		}
		return in, nil
	}})
	_, err := r.exchange(r.ctx, r.kind, "", curlew.WithHeader("x-huge", strings.Repeat("h", 1<<20)))
	r.fails("a request with a header of 1 MiB", err, failure{curlew.ResourceExhausted, anyOrigin, anyProgress, []string{"header"}})
	if r.has(ReplyMetadata) {
		_, err = r.exchange(r.ctx, r.kind, "reply")
		r.fails("a reply with a header of 1 MiB", err, failure{curlew.Internal, anyOrigin, anyProgress, []string{"header"}})
	}
	got, err := r.exchange(r.ctx, r.kind, "after")
	r.must(err, "a call after the huge headers")
	equal(r, "its reply", got, "after")
}

// requestMetadataLost: where no header is carried, the call goes without.
func requestMetadataLost(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		equal(r, "the handler's header", fields(curlew.CallFrom(ctx).Header()), "")
		return in, nil
	}})
	got, err := r.exchange(r.ctx, r.kind, "hello", curlew.WithHeader("x-bird", "curlew"))
	r.must(err, "a call with a header")
	equal(r, "its reply", got, "hello")
}

// replyMetadataLost: where no reply metadata is carried, the reply comes without.
func replyMetadataLost(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		setReply(ctx, bird(), bird())
		return in, nil
	}})
	var header, trailer curlew.Header
	got, err := r.exchange(r.ctx, r.kind, "hello", curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))
	r.must(err, "a call with reply metadata")
	equal(r, "its reply", got, "hello")
	equal(r, "the metadata", fields(&header)+fields(&trailer), "")
}
