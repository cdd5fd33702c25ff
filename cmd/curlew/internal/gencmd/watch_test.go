// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/gencmd"
)

// said is a writer that hands over what is written.
type said chan string

func (s said) Write(p []byte) (int, error) {
	s <- string(p)
	return len(p), nil
}

// until reads until a text was said.
func (s said) until(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	var all strings.Builder
	for !strings.Contains(all.String(), text) {
		select {
		case some := <-s:
			all.WriteString(some)
		case <-deadline:
			t.Fatalf("waited for %q; so far there is\n%s", text, all.String())
		}
	}
}

func TestWatch(t *testing.T) {
	folder(t, map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	messages := make(said, 100)
	env := &cli.Env{In: strings.NewReader(""), Out: io.Discard, Err: messages}
	ended := make(chan int, 1)
	go func() { ended <- env.Run(ctx, env.Root("curlew", "", gencmd.New(env)), []string{"gen", "--watch"}) }()

	messages.until(t, "1 file written, 0 unchanged")
	messages.until(t, "waiting for changes; Ctrl-C ends")
	write(t, "shop/v1/item.proto", itemProto+"message {}\n")
	messages.until(t, "item.proto:6:9: syntax error")
	write(t, "shop/v1/item.proto", itemProto+"message Other {}\n")
	messages.until(t, "1 file written, 0 unchanged")
	write(t, "shop/v2/item.proto", strings.ReplaceAll(strings.ReplaceAll(itemProto, "/v1", "/v2"), "shop.v1", "shop.v2"))
	messages.until(t, "1 file written, 1 unchanged")
	if _, err := os.Stat("shop/v2/item.pb.go"); err != nil {
		t.Error(err)
	}
	write(t, "curlew.gen.yaml", "output: gen\n")
	messages.until(t, `did you mean "out"?`)
	if err := os.Remove("curlew.gen.yaml"); err != nil {
		t.Fatal(err)
	}
	messages.until(t, "0 files written, 2 unchanged")
	cancel()
	select {
	case status := <-ended:
		if status != 0 {
			t.Errorf("status %d", status)
		}
	case <-time.After(30 * time.Second):
		t.Error("it does not end")
	}
}
