// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is an OpenAPI Object.
type Document struct {
	OpenAPI    string             `json:"openapi"`
	Info       info               `json:"info"`
	Servers    []server           `json:"servers,omitempty"`
	Tags       []tag              `json:"tags,omitempty"`
	Paths      ordered[*pathItem] `json:"paths"`
	Components components         `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

type server struct {
	URL string `json:"url"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

type components struct {
	Schemas ordered[*schema] `json:"schemas"`
}

type pathItem struct {
	Get     *operation `json:"get,omitempty"`
	Put     *operation `json:"put,omitempty"`
	Post    *operation `json:"post,omitempty"`
	Delete  *operation `json:"delete,omitempty"`
	Options *operation `json:"options,omitempty"`
	Head    *operation `json:"head,omitempty"`
	Patch   *operation `json:"patch,omitempty"`
	Trace   *operation `json:"trace,omitempty"`
}

// at returns the place of the operation for an HTTP method, nil for methods that
// OpenAPI does not know.
func (p *pathItem) at(method string) **operation {
	switch method {
	case "GET":
		return &p.Get
	case "PUT":
		return &p.Put
	case "POST":
		return &p.Post
	case "DELETE":
		return &p.Delete
	case "OPTIONS":
		return &p.Options
	case "HEAD":
		return &p.Head
	case "PATCH":
		return &p.Patch
	case "TRACE":
		return &p.Trace
	}
	return nil
}

type operation struct {
	Tags        []string           `json:"tags"`
	Summary     string             `json:"summary,omitempty"`
	Description string             `json:"description,omitempty"`
	OperationID string             `json:"operationId"`
	Deprecated  bool               `json:"deprecated,omitempty"`
	Parameters  []parameter        `json:"parameters,omitempty"`
	RequestBody *requestBody       `json:"requestBody,omitempty"`
	Responses   ordered[*response] `json:"responses"`
}

type parameter struct {
	Name        string         `json:"name"`
	In          string         `json:"in"` // "path", "query" or "header"
	Description string         `json:"description,omitempty"`
	Required    bool           `json:"required,omitempty"`
	Deprecated  bool           `json:"deprecated,omitempty"`
	Schema      *schema        `json:"schema,omitempty"`
	Content     ordered[media] `json:"content,omitempty"` // instead of Schema
}

type requestBody struct {
	Required bool           `json:"required,omitempty"`
	Content  ordered[media] `json:"content"`
}

type response struct {
	Description string         `json:"description"`
	Content     ordered[media] `json:"content,omitempty"`
}

type media struct {
	Schema *schema `json:"schema,omitempty"`
}

// schema is a Schema Object: JSON Schema, draft 2020-12.
type schema struct {
	Ref                  string           `json:"$ref,omitempty"`
	Title                string           `json:"title,omitempty"`
	Description          string           `json:"description,omitempty"`
	Type                 any              `json:"type,omitempty"` // a string, or several
	Format               string           `json:"format,omitempty"`
	Pattern              string           `json:"pattern,omitempty"`
	ContentEncoding      string           `json:"contentEncoding,omitempty"`
	Minimum              *int64           `json:"minimum,omitempty"`
	Maximum              *int64           `json:"maximum,omitempty"`
	Enum                 []any            `json:"enum,omitempty"`
	Items                *schema          `json:"items,omitempty"`
	Properties           ordered[*schema] `json:"properties,omitempty"`
	Required             []string         `json:"required,omitempty"`
	AdditionalProperties *schema          `json:"additionalProperties,omitempty"`
	AnyOf                []*schema        `json:"anyOf,omitempty"`
	OneOf                []*schema        `json:"oneOf,omitempty"`
	AllOf                []*schema        `json:"allOf,omitempty"`
	Not                  *schema          `json:"not,omitempty"`
	Deprecated           bool             `json:"deprecated,omitempty"`
}

// ordered is an object whose members stay in order.
type ordered[T any] []member[T]

type member[T any] struct {
	name  string
	value T
}

func (o *ordered[T]) add(name string, value T) { *o = append(*o, member[T]{name, value}) }

// get returns the member of a name, and whether there is one.
func (o ordered[T]) get(name string) (value T, ok bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return value, false
}

// MarshalJSON implements [json.Marshaler].
func (o ordered[T]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSON returns the document as JSON.
func (d *Document) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// YAML returns the document as YAML.
func (d *Document) YAML() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var node yaml.Node // JSON is YAML, and a node keeps the order
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, err
	}
	restyle(&node)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&node); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// restyle lets a node look as people write YAML, not like JSON.
func restyle(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.Contains(n.Value, "\n") {
		n.Style = yaml.LiteralStyle
	}
	for _, child := range n.Content {
		restyle(child)
	}
}
