// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command chat joins the Chat of the demo: what one types the others see.
//
//	go run ./cmd/chat -addr 127.0.0.1:8080 -name Ada
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/streams"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where the demo serves")
	name := flag.String("name", "somebody", "your name")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := chat(ctx, *addr, *name, os.Stdin, os.Stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

// chat joins, says what is read from in, and writes what is said to out, until
// in or the chat ends.
func chat(ctx context.Context, addr, name string, in io.Reader, out io.Writer) error {
	c, err := client.New(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	room, err := streams.Client{Caller: c}.Join(ctx)
	if err != nil {
		return err
	}
	defer room.Close()
	if err := room.Send(ctx, &streams.Line{From: name}); err != nil {
		return err
	}
	go say(ctx, room, in) // reading the terminal cannot be interrupted: it ends with the program
	for line, err := range room.All(ctx) {
		switch {
		case err != nil:
			return err
		case line.From == "":
			fmt.Fprintf(out, "* %s\n", line.Text)
		default:
			fmt.Fprintf(out, "%s: %s\n", line.From, line.Text)
		}
	}
	return nil
}

// say sends lines until there are no more or the chat has ended, of which the
// other direction tells.
func say(ctx context.Context, room curlew.Dialogue[streams.Line, streams.Line], in io.Reader) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := room.Send(ctx, &streams.Line{Text: lines.Text()}); err != nil {
			return
		}
	}
	_ = room.CloseSend() // fails only if the chat has ended
}
