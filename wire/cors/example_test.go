// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package cors_test

import (
	"fmt"

	"github.com/curlewrpc/curlew/wire/cors"
)

func ExampleConfig_Validate() {
	fmt.Println(cors.Config{Origins: []string{"https://*.shop.example"}}.Validate())
	fmt.Println(cors.Config{Origins: []string{"shop.example"}}.Validate())
	// Output:
	// <nil>
	// the origin "shop.example": it does not begin with a scheme, like "https://"
}
