// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gocode_test

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

func TestOptions(t *testing.T) {
	const name = "grpc/health/v1/health.proto"
	compiled, err := protofiles.Compile(t.Context(), []string{"testdata/published/grpc"}, name)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		options gocode.Options
		want    string // the names of files, or part of the error
	}{
		{"nothing", gocode.Options{}, ""},
		{"messages", gocode.Options{Messages: true}, "grpc/health/v1/health.pb.go"},
		{"services", gocode.Options{Services: true}, "grpc/health/v1/health.curlew.go"},
		{"by import path", gocode.Options{Import: true, Messages: true}, "google.golang.org/grpc/health/grpc_health_v1/health.pb.go"},
		{"less the module", gocode.Options{Import: true, Module: "google.golang.org/grpc", Messages: true}, "health/grpc_health_v1/health.pb.go"},
		{"another package", gocode.Options{Import: true, Packages: map[string]string{name: "a.b/c;d"}, Messages: true}, "a.b/c/health.pb.go"},
		{"both APIs", gocode.Options{API: "hybrid", Messages: true}, "grpc/health/v1/health.pb.go grpc/health/v1/health_protoopaque.pb.go"},
		{"a suffix", gocode.Options{PackageSuffix: "rpc", Services: true}, "grpc/health/v1/grpc_health_v1rpc/health.curlew.go"},

		{"no API", gocode.Options{API: "closed"}, `there is no API "closed"; messages are open, hybrid or opaque`},
		{"a comma", gocode.Options{Packages: map[string]string{name: "a,b"}}, "has a comma"},
		{"another module", gocode.Options{Import: true, Module: "a.b/c", Messages: true}, "a.b/c"},
		{"no suffix", gocode.Options{PackageSuffix: "-", Services: true}, "package_suffix=-: "},
		{"no package", gocode.Options{Packages: map[string]string{name: "a"}}, `The import path must contain at least one period`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, err := gocode.Generate(compiled.Named, tt.options)
			if err != nil {
				if tt.want == "" || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			var names []string
			for _, f := range files {
				names = append(names, f.Name)
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
