// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callback_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/examples/callback"
	"github.com/curlewrpc/curlew/server"
)

func TestDeploy(t *testing.T) {
	deployer, err := curlew.Reflect(callback.Deployer{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err == nil {
		err = s.Register(deployer)
	}
	if err != nil {
		t.Fatal(err)
	}
	served := curlewtest.Start(t, s)

	// [offer]
	operator, err := curlew.Reflect(callback.Operator{Decide: func(question string) bool {
		return !strings.Contains(question, "friday")
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := served.Client(client.WithServices(operator)) // or client.New(target, client.WithServices(operator))
	var report callback.Report
	err = c.Call(t.Context(), "Deployer.Deploy", callback.Release{Name: "shop 1.2"}, &report)
	// [/offer]
	if err != nil || report.Text != "shop 1.2 is deployed" {
		t.Errorf("the deployment gives %+v, %v", report, err)
	}
	err = c.Call(t.Context(), "Deployer.Deploy", callback.Release{Name: "friday"}, &report)
	if !errors.Is(err, curlew.Aborted) {
		t.Errorf("a refused deployment gives %v, want aborted", err)
	}
	alone := served.Client()
	err = alone.Call(t.Context(), "Deployer.Deploy", callback.Release{Name: "shop 1.2"}, &report)
	if !errors.Is(err, curlew.Unimplemented) {
		t.Errorf("a client that offers nothing gives %v, want unimplemented", err)
	}
}
