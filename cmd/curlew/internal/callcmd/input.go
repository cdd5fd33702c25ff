// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// input is where the requests come from.
type input struct {
	name        string // "standard input", for errors
	reader      io.Reader
	file        *os.File // what reader is to be closed as; nil if nothing is
	interactive bool     // somebody types, a message a line
	implicit    bool     // there was no argument: a single request is empty
	stop        chan struct{}
}

// document is one message as JSON, or why there are no more; io.EOF after the
// last.
type document struct {
	json json.RawMessage
	at   string // "standard input: message 3"
	err  error
}

// inputError is an error of the input, which the user can mend.
type inputError struct {
	at  string
	err error
}

func (e *inputError) Error() string { return e.at + ": " + e.err.Error() }
func (e *inputError) Unwrap() error { return e.err }

// openInput opens what the argument says: JSON, @FILE or -; nil is standard
// input for methods that take many messages.
func openInput(env *cli.Env, argument *string) (*input, error) {
	in := &input{stop: make(chan struct{})}
	switch {
	case argument == nil || *argument == "-":
		in.name, in.reader, in.interactive, in.implicit = "standard input", env.In, env.InTerminal, argument == nil
	case strings.HasPrefix(*argument, "@"):
		path := (*argument)[1:]
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		in.name, in.reader, in.file = path, file, file
	default:
		in.name, in.reader = "the request", strings.NewReader(*argument)
	}
	return in, nil
}

// close ends what documents has started, as far as that can be ended.
func (in *input) close() {
	close(in.stop)
	if in.file != nil {
		in.file.Close()
	}
}

// single returns the one request of a method that takes one.
func (in *input) single(ctx context.Context) (document, error) {
	if in.implicit {
		return document{json: json.RawMessage("{}"), at: "the request"}, nil
	}
	documents := in.documents()
	first, err := next(ctx, documents)
	if err == io.EOF {
		return document{json: json.RawMessage("{}"), at: in.name}, nil
	}
	if err != nil || in.interactive {
		return first, err
	}
	second, err := next(ctx, documents)
	if err == nil {
		return first, &inputError{second.at, errors.New("the method takes one message, and this is another; leave it out")}
	}
	if err != io.EOF {
		return first, err
	}
	return first, nil
}

func next(ctx context.Context, documents <-chan document) (document, error) {
	select {
	case d := <-documents:
		return d, d.err
	case <-ctx.Done():
		return document{}, context.Cause(ctx)
	}
}

// documents reads the messages beside the call. The goroutine ends with the
// input or with close; one that waits for standard input cannot be ended and is
// left to the end of the process.
func (in *input) documents() <-chan document {
	documents := make(chan document)
	read := in.values()
	if in.interactive {
		read = in.lines()
	}
	go func() {
		for {
			d := read()
			select {
			case documents <- d:
			case <-in.stop:
				return
			}
			if d.err != nil {
				return
			}
		}
	}()
	return documents
}

// values reads JSON values that follow one another.
func (in *input) values() func() document {
	var seen lineCounter
	decoder := json.NewDecoder(io.TeeReader(in.reader, &seen))
	n := 0
	return func() document {
		n++
		d := document{at: in.name}
		if n > 1 {
			d.at = fmt.Sprintf("%s: message %d", in.name, n)
		}
		d.err = decoder.Decode(&d.json)
		var syntax *json.SyntaxError
		switch {
		case d.err == nil || d.err == io.EOF:
		case errors.As(d.err, &syntax):
			d.err = &inputError{in.name, fmt.Errorf("%s: this is not JSON: %w", seen.position(syntax.Offset-1), d.err)}
		case d.err == io.ErrUnexpectedEOF:
			d.err = &inputError{d.at, errors.New("the JSON ends in the middle of a value")}
		default:
			d.err = &inputError{d.at, d.err}
		}
		return d
	}
}

// maxLine bounds a message that is typed.
const maxLine = 16 << 20

// lines reads a message a line.
func (in *input) lines() func() document {
	scanner := bufio.NewScanner(in.reader)
	scanner.Buffer(nil, maxLine)
	n := 0
	return func() document {
		for scanner.Scan() {
			n++
			if line := bytes.TrimSpace(scanner.Bytes()); len(line) > 0 {
				return document{json: bytes.Clone(line), at: fmt.Sprintf("line %d", n)}
			}
		}
		if err := scanner.Err(); err != nil {
			return document{err: &inputError{in.name, err}}
		}
		return document{err: io.EOF}
	}
}

// lineCounter notes where lines begin in what is written to it.
type lineCounter struct {
	offset int64
	starts []int64 // of all lines but the first
}

func (c *lineCounter) Write(p []byte) (int, error) {
	for i, b := range p {
		if b == '\n' {
			c.starts = append(c.starts, c.offset+int64(i)+1)
		}
	}
	c.offset += int64(len(p))
	return len(p), nil
}

// position returns an offset as "line 2, column 7".
func (c *lineCounter) position(offset int64) string {
	line, start := 1, int64(0)
	for _, s := range c.starts {
		if s > offset {
			break
		}
		line, start = line+1, s
	}
	return fmt.Sprintf("line %d, column %d", line, max(offset-start, 0)+1)
}
