// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/examples/internal/tcptest"
	"github.com/curlewrpc/curlew/examples/streams"
)

func TestChat(t *testing.T) {
	room, err := curlew.Reflect(new(streams.Chat))
	if err != nil {
		t.Fatal(err)
	}
	address := tcptest.Serve(t, room)
	var out strings.Builder
	if err := chat(t.Context(), address, "Ada", strings.NewReader("Good morning\nGood-bye\n"), &out); err != nil {
		t.Fatal(err)
	}
	if want := "* Ada is here. Members: 1\nAda: Good morning\nAda: Good-bye\n"; out.String() != want {
		t.Errorf("Ada sees\n%s, want\n%s", out.String(), want)
	}
}
