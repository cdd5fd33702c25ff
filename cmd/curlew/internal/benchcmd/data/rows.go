// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package data

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Rows reads the rows of a file: CSV, whose first line has the names, if the
// file's name ends in .csv; else a JSON array, or JSON values one after the
// other.
func Rows(path string, content []byte) ([]any, error) {
	read := jsonRows
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		read = csvRows
	}
	rows, err := read(content)
	if err == nil && len(rows) == 0 {
		err = errors.New("there are no rows in it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}

func csvRows(content []byte) ([]any, error) {
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	var rows []any
	for _, line := range lines[1:] {
		row := make(map[string]any, len(line))
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func jsonRows(content []byte) ([]any, error) {
	rows, err := values[any](content)
	if err != nil {
		return nil, err
	}
	if len(rows) == 1 {
		if array, ok := rows[0].([]any); ok {
			return array, nil
		}
	}
	return rows, nil
}

// values reads JSON values that follow one another. The error tells the line.
func values[T any](content []byte) ([]T, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	var all []T
	for {
		var v T
		err := d.Decode(&v)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			offset := d.InputOffset()
			if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
				offset = min(syntax.Offset, int64(len(content)))
			}
			return nil, fmt.Errorf("line %d is no JSON: %w", 1+bytes.Count(content[:offset], []byte("\n")), err)
		}
		all = append(all, v)
	}
}
