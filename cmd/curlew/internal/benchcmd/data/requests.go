// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package data

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"text/template"
	"time"
)

// Requests makes requests. It is safe for concurrent use.
type Requests struct {
	fixed    []json.RawMessage  // the values of a text that is no template, or the rows
	byCall   bool               // fixed are rows: one for each call
	template *template.Template // nil if the requests are fixed
	rows     []any
}

// view is what a template sees.
type view struct {
	Seq     int64
	Message int
	Row     any
}

// New returns the requests that a text makes: a template, or JSON values that
// follow one another. Without a text each row is a request; without rows too,
// the request is {}.
func New(text string, rows []any) (*Requests, error) {
	switch {
	case strings.Contains(text, "{{"):
		return parse(text, rows)
	case strings.TrimSpace(text) != "":
		if rows != nil {
			return nil, errors.New("the request uses no row of the data: write {{.Row.name}} in it, or leave the request out so that each row is one")
		}
		fixed, err := values[json.RawMessage]([]byte(text))
		return &Requests{fixed: fixed}, err
	case rows == nil:
		return &Requests{fixed: []json.RawMessage{json.RawMessage("{}")}}, nil
	}
	r := &Requests{byCall: true}
	for _, row := range rows {
		text, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		r.fixed = append(r.fixed, text)
	}
	return r, nil
}

func parse(text string, rows []any) (*Requests, error) {
	t, err := template.New("request").Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return nil, err
	}
	r := &Requests{template: t, rows: rows}
	// A template that cannot work is told of before anything is called.
	_, err = r.JSON(0, 0)
	return r, err
}

func functions() template.FuncMap {
	return template.FuncMap{
		"uuid": uuid,
		"now":  func() string { return time.Now().UTC().Format(time.RFC3339Nano) },
		"randInt": func(low, high int64) (int64, error) {
			if high < low || high-low < 0 || high-low+1 <= 0 {
				return 0, fmt.Errorf("randInt %d %d: there is no number from the first to the second", low, high)
			}
			return low + mathrand.Int64N(high-low+1), nil
		},
		"randString": randString,
		"pick": func(options ...any) (any, error) {
			if len(options) == 0 {
				return nil, errors.New("pick: there is nothing to pick from")
			}
			return options[mathrand.IntN(len(options))], nil
		},
		"json": func(v any) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
	}
}

// uuid returns a random UUID (RFC 9562, version 4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const maxString = 1 << 20

func randString(n int) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if n < 0 || n > maxString {
		return "", fmt.Errorf("randString %d: a length is from 0 to %d", n, maxString)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[mathrand.IntN(len(letters))]
	}
	return string(b), nil
}

// Fixed returns all requests there can be, and true, if there is no template.
// Which of them is whose tells Index.
func (r *Requests) Fixed() ([]json.RawMessage, bool) { return r.fixed, r.template == nil }

// PerCall is how many messages a call of a client's stream has if nobody says
// otherwise: one, or all values of a text that has several.
func (r *Requests) PerCall() int {
	if r.byCall || r.template != nil {
		return 1
	}
	return len(r.fixed)
}

// Index tells which of the fixed requests is message number message of call
// number seq.
func (r *Requests) Index(seq int64, message int) int {
	if r.byCall {
		return int((seq + int64(message)) % int64(len(r.fixed)))
	}
	return message % len(r.fixed)
}

// JSON executes the template for a message of a call.
func (r *Requests) JSON(seq int64, message int) ([]byte, error) {
	v := view{Seq: seq, Message: message}
	if len(r.rows) > 0 {
		v.Row = r.rows[int((seq+int64(message))%int64(len(r.rows)))]
	}
	var out bytes.Buffer
	if err := r.template.Execute(&out, v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
