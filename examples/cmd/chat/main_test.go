// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/examples/streams"
	"github.com/curlewrpc/curlew/server"
)

func TestChat(t *testing.T) {
	room, err := curlew.Reflect(new(streams.Chat))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err == nil {
		err = s.Register(room)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	var out strings.Builder
	if err := chat(ctx, s.Addrs()[0].String(), "Ada", strings.NewReader("Good morning\nGood-bye\n"), &out); err != nil {
		t.Fatal(err)
	}
	if want := "* Ada is here. Members: 1\nAda: Good morning\nAda: Good-bye\n"; out.String() != want {
		t.Errorf("Ada sees\n%s, want\n%s", out.String(), want)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
