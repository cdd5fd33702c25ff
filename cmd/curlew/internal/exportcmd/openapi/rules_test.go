// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"/v1/all":                         "/v1/all",
		"/v1/{name}":                      "/v1/{name}",
		"/v1/{name=*}:move":               "/v1/{name}:move",
		"/v1/{book.name=shelves/*/b/*}":   "/v1/shelves/{book.name_1}/b/{book.name_2}",
		"/v1/{name=files/**}":             "/v1/files/{name_1}",
		"/v1/*/x/**":                      "/v1/{segment_1}/x/{segment_2}",
		"/v1/{name=**}":                   "/v1/{name}",
		"/v1/{a}/{b}":                     "/v1/{a}/{b}",
		"/v1/{name":                       "without a closing brace",
		"v1":                              "does not begin with a slash",
		"":                                "does not begin with a slash",
		"/v1/{a}/{a}":                     "two variables {a}",
		"/v1/{name=shelves/*}/x/{name_1}": "two variables {name_1}",
	} {
		got, err := parseTemplate(text)
		if err != nil && strings.Contains(err.Error(), want) {
			continue
		}
		if err != nil || got.path != want {
			t.Errorf("%s gives %s, %v; want %s", text, got.path, err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"/v1/{name=shelves/*/books/*}:move", "/v1/{name=**}", "/*/**", "/{a=b/*}{c}", "{", "/{=}", "/}*{"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTemplate(text)
		if err != nil {
			return
		}
		path := got.path
		for _, v := range got.variables {
			before, after, ok := strings.Cut(path, "{"+v.name+"}")
			if !ok {
				t.Fatalf("%q gives %q, which lacks {%s}", text, got.path, v.name)
			}
			path = before + "{}" + after
		}
		if path != got.shape {
			t.Errorf("%q gives the path %q and the shape %q", text, got.path, got.shape)
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add([]byte("\x12\x03/v1\x3a\x01*"))
	f.Add([]byte("\x42\x0b\x0a\x04HEAD\x12\x03/v1\x5a\x05\x22\x03/v2"))
	f.Add([]byte("\x5a\x02\x5a\x00\x08\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rules, err := parseRules(b, true)
		if err == nil && len(rules) > len(b)+1 {
			t.Errorf("%q gives %d rules", b, len(rules))
		}
	})
}
