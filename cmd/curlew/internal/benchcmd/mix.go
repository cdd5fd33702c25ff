// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package benchcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/data"
)

// spec is one method of a mix, as it was asked for.
type spec struct {
	name     string
	weight   int
	text     string // JSON or a template; "" is none
	rows     string // file; "" is none
	messages int    // 0 is as many as there are in text
}

// requests reads the files that the spec names.
func (s *spec) requests() (*data.Requests, error) {
	var rows []any
	if s.rows != "" {
		content, err := os.ReadFile(s.rows)
		if err != nil {
			return nil, err
		}
		if rows, err = data.Rows(s.rows, content); err != nil {
			return nil, err
		}
	}
	r, err := data.New(s.text, rows)
	if err != nil {
		return nil, fmt.Errorf("the request of %s: %w", s.name, err)
	}
	return r, nil
}

const maxWeight = 1000

// parseCall reads METHOD[=WEIGHT][ JSON|@FILE].
func parseCall(text string) (spec, error) {
	name, request, _ := strings.Cut(strings.TrimSpace(text), " ")
	s := spec{weight: 1, text: request}
	var weight string
	var weighed bool
	s.name, weight, weighed = strings.Cut(name, "=")
	if s.name == "" {
		return s, fmt.Errorf("--call %q: write METHOD=WEIGHT, and the request after a space", text)
	}
	if weighed {
		var err error
		if s.weight, err = strconv.Atoi(weight); err != nil {
			return s, fmt.Errorf("--call %q: the weight %q is no whole number", text, weight)
		}
	}
	return s, s.validate()
}

func (s *spec) validate() error {
	if s.weight < 1 || s.weight > maxWeight {
		return fmt.Errorf("%s: the weight %d is not from 1 to %d", s.name, s.weight, maxWeight)
	}
	if s.messages < 0 {
		return fmt.Errorf("%s: a call cannot have %d messages", s.name, s.messages)
	}
	return nil
}

// mixFile is a file of --mix.
type mixFile struct {
	Calls []struct {
		Method   string `yaml:"method"`
		Weight   *int   `yaml:"weight"`
		Request  any    `yaml:"request"` // a mapping, or text: JSON, a template or @file
		Data     string `yaml:"data"`    // a file of rows
		Messages int    `yaml:"messages"`
	} `yaml:"calls"`
}

// readMix reads a mix. Files that it names are beside it.
func readMix(path string) ([]spec, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file mixFile
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(file.Calls) == 0 {
		return nil, fmt.Errorf("%s: there are no calls in it; write a list 'calls' of 'method', 'weight' and 'request'", path)
	}
	var specs []spec
	for i, call := range file.Calls {
		s := spec{name: call.Method, weight: 1, rows: call.Data, messages: call.Messages}
		if call.Weight != nil {
			s.weight = *call.Weight
		}
		if s.name == "" {
			err = errors.New("it has no method")
		} else if s.text, err = requestText(call.Request, filepath.Dir(path)); err == nil {
			err = s.validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: call %d: %w", path, i+1, err)
		}
		if s.rows != "" {
			s.rows = beside(filepath.Dir(path), s.rows)
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func requestText(v any, folder string) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		if file, ok := strings.CutPrefix(v, "@"); ok {
			return "@" + beside(folder, file), nil
		}
		return v, nil
	default:
		text, err := json.Marshal(v)
		return string(text), err
	}
}

func beside(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}

// resolve replaces @FILE and - by what they stand for.
func (s *spec) resolve(in io.Reader) error {
	var content []byte
	var err error
	if file, ok := strings.CutPrefix(s.text, "@"); ok {
		content, err = os.ReadFile(file)
	} else if s.text == "-" {
		content, err = io.ReadAll(in)
	} else {
		return nil
	}
	s.text = string(content)
	return err
}
