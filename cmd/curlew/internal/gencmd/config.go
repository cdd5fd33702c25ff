// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

const configName = "curlew.gen.yaml"

// settings are a configuration file, whose paths have become relative to the
// current folder, with the command line over it. Zero values mean defaults.
type settings struct {
	Inputs      []string `yaml:"inputs"`
	ImportPaths []string `yaml:"import_paths"`
	Out         string   `yaml:"out"`
	Options     struct {
		Paths         string            `yaml:"paths"`
		Module        string            `yaml:"module"`
		GoPackage     string            `yaml:"go_package"`
		PackageSuffix string            `yaml:"package_suffix"`
		API           string            `yaml:"api"`
		Mappings      map[string]string `yaml:"mappings"`
	} `yaml:"options"`
	Plugins struct {
		Go     *bool `yaml:"go"`
		Curlew *bool `yaml:"curlew"`
	} `yaml:"plugins"`

	file string // "" if there is none
}

// readConfig reads a configuration; with an empty path that of the current
// folder, which need not be there.
func readConfig(path string) (*settings, error) {
	s := &settings{file: path}
	if path == "" {
		s.file = configName
	}
	content, err := os.ReadFile(s.file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == "":
		return &settings{}, nil
	case err != nil:
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := s.parse(content); err != nil {
		return nil, err
	}
	s.rebase(filepath.Dir(s.file))
	return s, nil
}

func (s *settings) parse(content []byte) error {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil // an empty file, or comments only
	} else if err != nil {
		return s.yamlError(content, err)
	}
	root := document.Content[0]
	if problems := unknownKeys(s.file, content, root, reflect.TypeFor[settings]()); len(problems) > 0 {
		return &protofiles.Error{Problems: problems}
	}
	if err := root.Decode(s); err != nil {
		return s.yamlError(content, err)
	}
	switch s.Options.Paths {
	case "", "source_relative", "import":
	default:
		return fmt.Errorf("%s: options.paths is %q; it is source_relative or import", s.file, s.Options.Paths)
	}
	if s.Options.Module != "" && s.Options.Paths != "import" {
		return fmt.Errorf("%s: options.module has a meaning with paths: import only; add that, or remove it", s.file)
	}
	return nil
}

// rebase makes paths relative to the current folder.
func (s *settings) rebase(dir string) {
	join := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	for _, paths := range [][]string{s.Inputs, s.ImportPaths} {
		for i := range paths {
			paths[i] = join(paths[i])
		}
	}
	if s.Out != "" {
		s.Out = join(s.Out)
	}
	if len(s.Inputs) == 0 && dir != "." {
		s.Inputs = []string{dir}
	}
}

var yamlPlace = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// yamlError gives an error of the library its place in the file.
func (s *settings) yamlError(content []byte, err error) error {
	messages := []string{err.Error()}
	var typeErr *yaml.TypeError
	if errors.As(err, &typeErr) {
		messages = typeErr.Errors
	}
	e := new(protofiles.Error)
	for _, message := range messages {
		line := 1
		if m := yamlPlace.FindStringSubmatch(message); m != nil {
			line, _ = strconv.Atoi(m[1])
			message = message[len(m[0]):]
		}
		message = strings.NewReplacer("!!map", "a map", "!!seq", "a list", "!!str", "text").Replace(message)
		e.Problems = append(e.Problems, protofiles.NewProblem(s.file, content, line, 1, message,
			"'curlew gen --help' shows the whole file"))
	}
	return e
}

// unknownKeys returns a problem for each key that t, a struct, does not have.
func unknownKeys(file string, content []byte, node *yaml.Node, t reflect.Type) []protofiles.Problem {
	if node.Kind != yaml.MappingNode || t.Kind() != reflect.Struct {
		return nil
	}
	known := make(map[string]reflect.Type)
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" {
			known[name] = t.Field(i).Type
			names = append(names, name)
		}
	}
	var problems []protofiles.Problem
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if inner, ok := known[key.Value]; ok {
			problems = append(problems, unknownKeys(file, content, node.Content[i+1], inner)...)
			continue
		}
		hint := "known are " + strings.Join(names, ", ")
		if near := protofiles.Nearest(key.Value, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		problems = append(problems, protofiles.NewProblem(file, content, key.Line, key.Column,
			fmt.Sprintf("unknown key %q", key.Value), hint))
	}
	return problems
}
