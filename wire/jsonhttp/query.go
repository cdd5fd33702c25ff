// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
)

// fillPath sets the fields that the path's segments are values of.
func (r *route) fillPath(m protoreflect.Message, segments []string) error {
	for i := range r.template.variables {
		v := &r.template.variables[i]
		text, err := v.value(segments)
		if err == nil {
			err = fill(m, v.field, text)
		}
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "{%s} in the path %s: %w", v.field, r.path, err)
		}
	}
	return nil
}

func fill(m protoreflect.Message, path, text string) error {
	fields, err := resolve(m.Descriptor(), path)
	if err != nil {
		return err
	}
	t, err := reach(m, fields)
	if err != nil {
		return err
	}
	return t.store(text)
}

// fillQuery sets the fields that the query's parameters name.
func (r *route) fillQuery(m protoreflect.Message, query string) error {
	if query == "" {
		return nil
	}
	var seen map[string]bool
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		escaped, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(escaped)
		if err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "query parameter %q: %w", escaped, err)
		}
		if seen == nil {
			seen = make(map[string]bool)
		}
		if err := r.fillParameter(m, name, value, seen); err != nil {
			return curlew.Errorf(curlew.InvalidArgument, "query parameter %q: %w", name, err)
		}
	}
	return nil
}

// fillParameter sets the field that one parameter names. seen holds the paths
// of those that were set before.
func (r *route) fillParameter(m protoreflect.Message, name, value string, seen map[string]bool) error {
	if r.body == wholeBody {
		return fmt.Errorf("%s takes all but what is in its path from the body", r)
	}
	text, err := url.QueryUnescape(value)
	if err != nil {
		return err
	}
	fields, err := resolve(m.Descriptor(), name)
	if err != nil {
		return err
	}
	for i := range fields {
		if r.bound[pathOf(fields[:i+1])] {
			return fmt.Errorf("%s is taken from the path or the body of the request", pathOf(fields[:i+1]))
		}
	}
	path := pathOf(fields)
	if seen[path] && !fields[len(fields)-1].IsList() {
		return errors.New("it is given twice")
	}
	seen[path] = true
	t, err := reach(m, fields)
	if err != nil {
		return err
	}
	return t.store(text)
}
