// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes_test

import (
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/kubernetes"
)

func Example() {
	// In a pod, or where kubectl works, no option is needed.
	resolver := kubernetes.New(kubernetes.WithConfig(&rest.Config{Host: "https://10.0.0.1"}))
	c, err := client.New("kubernetes:///shop.prod:grpc", client.WithResolver(resolver))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()
	fmt.Println(resolver.Scheme())
	// Output: kubernetes
}
