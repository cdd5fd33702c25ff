// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// template is a path template of google/api/http.proto:
//
//	Template = "/" Segments [ Verb ] ;
//	Segments = Segment { "/" Segment } ;
//	Segment  = "*" | "**" | LITERAL | Variable ;
//	Variable = "{" FieldPath [ "=" Segments ] "}" ;
//	FieldPath = IDENT { "." IDENT } ;
//	Verb     = ":" LITERAL ;
type template struct {
	segments  []string // "*", "**" or a literal, without escapes
	variables []variable
	verb      string
}

// variable is a part of the path that is the value of a field.
type variable struct {
	field string // path of the field in the request
	first int    // segment
	end   int    // segment after the last; negative: the end of the path
	multi bool   // the value may have slashes
}

const (
	anyOne  = "*"
	anyRest = "**"
)

// parseTemplate parses a template. Its errors are to be read after the template.
func parseTemplate(text string) (*template, error) {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return nil, errors.New("it does not begin with a slash")
	}
	t := new(template)
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexAny(rest, "/}") {
		var err error
		if t.verb, err = literal(rest[colon+1:]); err != nil {
			return nil, fmt.Errorf("the verb: %w", err)
		}
		rest = rest[:colon]
	}
	for {
		var err error
		if strings.HasPrefix(rest, "{") {
			rest, err = t.variable(rest)
		} else {
			var segment string
			segment, rest = cutBefore(rest, '/')
			err = t.segment(segment)
		}
		switch {
		case err != nil:
			return nil, err
		case rest == "":
			return t, t.check()
		case rest[0] != '/':
			return nil, fmt.Errorf("there is no slash before %q", rest)
		}
		rest = rest[1:]
	}
}

// variable parses a variable at the beginning of text and returns what comes
// after it.
func (t *template) variable(text string) (rest string, err error) {
	inside, rest, ok := strings.Cut(text[1:], "}")
	if !ok {
		return "", errors.New("a variable has no closing brace")
	}
	field, pattern, ok := strings.Cut(inside, "=")
	if !ok {
		pattern = anyOne
	}
	v := variable{field: field, first: len(t.segments)}
	for segment := range strings.SplitSeq(pattern, "/") {
		if err := t.segment(segment); err != nil {
			return "", fmt.Errorf("variable {%s}: %w", inside, err)
		}
	}
	v.end = len(t.segments)
	v.multi = v.end-v.first > 1
	if t.segments[v.end-1] == anyRest {
		v.end, v.multi = -1, true
	}
	for _, other := range t.variables {
		if other.field == field {
			return "", fmt.Errorf("there are two variables {%s}", field)
		}
	}
	t.variables = append(t.variables, v)
	return rest, nil
}

func (t *template) segment(text string) error {
	if text != anyOne && text != anyRest {
		var err error
		if text, err = literal(text); err != nil {
			return err
		}
	}
	t.segments = append(t.segments, text)
	return nil
}

// literal returns a literal without its escapes.
func literal(text string) (string, error) {
	if text == "" {
		return "", errors.New("there is an empty segment")
	}
	if i := strings.IndexAny(text, "{}*=?#"); i >= 0 {
		return "", fmt.Errorf("%q has a %q in it", text, text[i])
	}
	return url.PathUnescape(text)
}

func (t *template) check() error {
	for _, s := range t.segments[:len(t.segments)-1] {
		if s == anyRest {
			return errors.New("only the last segment may be **")
		}
	}
	return nil
}

// cutBefore cuts s before the first c.
func cutBefore(s string, c byte) (before, rest string) {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// value returns the variable's value in a path's segments, which are escaped. An
// escaped slash stays so among slashes that separate segments.
func (v *variable) value(segments []string) (string, error) {
	if !v.multi {
		return url.PathUnescape(segments[v.first])
	}
	end := v.end
	if end < 0 {
		end = len(segments)
	}
	text := strings.Join(segments[v.first:end], "/")
	text = strings.ReplaceAll(text, "%2F", "%252F")
	return url.PathUnescape(strings.ReplaceAll(text, "%2f", "%252f"))
}
