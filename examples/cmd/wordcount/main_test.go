// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/examples/textstats"
	"github.com/curlewrpc/curlew/server"
)

func TestCount(t *testing.T) {
	s, err := server.New()
	if err == nil {
		err = s.Register(textstats.NewService())
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
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("the curlew and the crow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := count(ctx, s.Addrs()[0].String(), []string{file}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" 24 bytes ", " 5 words in all, 4 different", " 2 the\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
