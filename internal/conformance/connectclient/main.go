// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command connectclient is the client under test of the Connect conformance
// suite: it makes the calls that the runner writes to its standard input, and
// writes what came of each to its standard output.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/curlewrpc/curlew/internal/conformance/compat"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

func main() {
	parallel := flag.Int("p", 4*runtime.GOMAXPROCS(0), "how many calls are in flight at the same time")
	flag.Parse()
	if err := run(context.Background(), os.Stdin, os.Stdout, max(1, *parallel)); err != nil {
		fmt.Fprintln(os.Stderr, "connectclient:", err)
		os.Exit(1)
	}
}

// run makes the calls until the end of in. Its error is none of a call's.
func run(ctx context.Context, in io.Reader, out io.Writer, parallel int) error {
	var (
		clients  clients
		inFlight sync.WaitGroup
		writing  sync.Mutex
		failed   error // of writing
	)
	defer clients.close()
	defer inFlight.Wait()
	slots := make(chan struct{}, parallel)
	for {
		request := new(conformancev1.ClientCompatRequest)
		if err := compat.Read(in, request); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		slots <- struct{}{}
		inFlight.Go(func() {
			defer func() { <-slots }()
			response := respond(ctx, &clients, request)
			writing.Lock()
			defer writing.Unlock()
			failed = errors.Join(failed, compat.Write(out, response))
		})
	}
	inFlight.Wait()
	return failed
}

// respond makes one call.
func respond(ctx context.Context, clients *clients, request *conformancev1.ClientCompatRequest) *conformancev1.ClientCompatResponse {
	response := &conformancev1.ClientCompatResponse{TestName: request.GetTestName()}
	client, err := clients.get(request)
	if err == nil {
		var result *conformancev1.ClientResponseResult
		if result, err = call(ctx, client, request); err == nil {
			response.Result = &conformancev1.ClientCompatResponse_Response{Response: result}
			return response
		}
	}
	response.Result = &conformancev1.ClientCompatResponse_Error{Error: &conformancev1.ClientErrorResult{Message: err.Error()}}
	return response
}
