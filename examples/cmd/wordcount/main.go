// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command wordcount streams files to the TextStats service of the demo and
// shows the statistics as they come:
//
//	go run ./cmd/wordcount -addr 127.0.0.1:8080 novel.txt
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/textstats"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where the demo serves")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "wordcount: give the files to count: wordcount [-addr host:port] file ...")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := count(ctx, *addr, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

func count(ctx context.Context, addr string, files []string, out io.Writer) error {
	c, err := client.New(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	stats, err := textstats.Count(ctx, c, files, func(s *textstats.Stats) {
		fmt.Fprintf(out, "%12d bytes %10d lines %10d words  %s\n", s.Bytes, s.Lines, s.Words, s.File)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%12d bytes %10d lines %10d words in all, %d different\n", stats.Bytes, stats.Lines, stats.Words, stats.Distinct)
	for _, w := range stats.Top {
		fmt.Fprintf(out, "%12d %s\n", w.Count, w.Word)
	}
	return nil
}
