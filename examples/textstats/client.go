// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package textstats

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/curlewrpc/curlew"
)

// count is what the client knows of the method.
var count = curlew.BidiStream[Chunk, Stats]("TextStats/Count", nil)

// Count streams files to the server and returns its last statistics. Those that
// come before it gives to progress.
func Count(ctx context.Context, c curlew.Caller, files []string, progress func(*Stats)) (*Stats, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := curlew.OpenBidi[Chunk, Stats](ctx, c, count)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	sent := make(chan error, 1)
	go func() {
		err := sendFiles(ctx, stream, files)
		if err != nil {
			stop() // ends the loop below
		}
		sent <- err
	}()
	stats, err := receive(ctx, stream, progress)
	stop() // ends the goroutine above, if it has not ended by itself
	if sendErr := <-sent; sendErr != nil && !errors.Is(sendErr, context.Canceled) {
		return nil, sendErr
	}
	return stats, err
}

func receive(ctx context.Context, stream curlew.Dialogue[Chunk, Stats], progress func(*Stats)) (*Stats, error) {
	for stats, err := range stream.All(ctx) {
		switch {
		case err != nil:
			return nil, err
		case stats.Done:
			return stats, nil
		}
		progress(stats)
	}
	return nil, errors.New("the server ended the call before the last statistics")
}

func sendFiles(ctx context.Context, stream curlew.Dialogue[Chunk, Stats], files []string) error {
	for _, name := range files {
		err := sendFile(ctx, stream, name)
		if err == io.EOF {
			return nil // the call is over, and receive knows why
		}
		if err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func sendFile(ctx context.Context, stream curlew.Dialogue[Chunk, Stats], name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, chunkSize)
	for chunk := (Chunk{File: name}); !chunk.Last; chunk.File = "" {
		n, err := io.ReadFull(file, buffer)
		chunk.Data = buffer[:n]
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			chunk.Last = true
		default:
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := stream.Send(ctx, &chunk); err != nil {
			return err
		}
	}
	return nil
}
