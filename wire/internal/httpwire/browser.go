// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"strings"

	"github.com/curlewrpc/curlew/wire"
)

// MediaType returns a request's content type without its parameters, in lower
// case.
func MediaType(f wire.Fields) string {
	mediaType, _, _ := strings.Cut(f.Get("content-type"), ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// formType is the content type that curl -d sends if it is told none.
const formType = "application/x-www-form-urlencoded"

// CouldBeForm reports whether the type is one that curl -d sends, or a program
// that thinks nothing of types, but also a browser without asking (Fetch
// Standard, "CORS-safelisted request-header").
func CouldBeForm(mediaType string) bool { return mediaType == formType || mediaType == "" }

// FromBrowser reports whether a request may come from a browser, with the
// rights of whoever sits before it.
func FromBrowser(f wire.Fields) bool {
	for i := range f {
		switch name := f[i].Name; {
		case name == "origin", name == "referer", name == "cookie", strings.HasPrefix(name, "sec-fetch-"):
			return true
		}
	}
	return false
}
