// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// machinePath fits an absolute path that only exists on somebody's machine.
var machinePath = regexp.MustCompile(`(^|[\s"'=(<>\x60:,])/(root|work|home/\w+|Users/\w+|tmp/\w+_jobs)(/|\b)`)

// checkPaths looks for paths of somebody's machine in all text files.
func checkPaths(r *repository) []problem {
	var problems []problem
	err := r.walk(func(rel string) error {
		text, err := os.ReadFile(filepath.Join(r.root, rel))
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if m := machinePath.Find(line); m != nil {
				problems = append(problems, problemf(fmt.Sprintf("%s:%d", rel, i+1), "%q is a path on somebody's machine; use a relative one", bytes.TrimSpace(m)))
			}
		}
		return nil
	})
	if err != nil {
		problems = append(problems, problem(err.Error()))
	}
	return problems
}
