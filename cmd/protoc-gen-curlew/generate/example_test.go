// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package generate_test

import (
	"google.golang.org/protobuf/compiler/protogen"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

// All of a plugin that generates services.
func ExampleOptions_All() {
	var options generate.Options
	protogen.Options{ParamFunc: options.Set}.Run(func(p *protogen.Plugin) error { return options.All(p) })
}
