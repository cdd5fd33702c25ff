// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"log"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
)

// Reflection for callers on the server's own machine.
func Example() {
	local := server.MethodConfig{Interceptors: []curlew.Interceptor{reflection.LoopbackOnly}}
	s, err := server.New(server.WithMethod(reflection.V1+"/*", local), server.WithMethod(reflection.V1Alpha+"/*", local))
	if err != nil {
		log.Fatal(err)
	}
	err = s.Register(health.New().Service())
	if err == nil {
		err = s.Register(reflection.New(s.Services, health.File())...)
	}
	if err != nil {
		log.Fatal(err)
	}
}
