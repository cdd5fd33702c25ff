// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Run measures a framework that program holds, once. An error means that there
// is no figure: an answer was wrong, which is an [ErrWrong], a call failed, or a
// process did.
func Run(ctx context.Context, program, name string, s Scenario) (Result, error) {
	// Beyond what is measured: starts, a last call's deadline, reports.
	ctx, cancel := context.WithTimeout(ctx, s.Warmup+s.Duration+callTimeout+30*time.Second)
	defer cancel()
	r, err := run(ctx, program, name, s)
	if err != nil {
		return Result{}, fmt.Errorf("%s, %s: %w", name, s.Name, err)
	}
	return r, nil
}

func run(ctx context.Context, program, name string, s Scenario) (r Result, err error) {
	server, err := start(ctx, program, "serve", name)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	var at hello
	if err := server.read(&at); err != nil {
		return r, err
	}
	client, err := start(ctx, program, "load", name)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, client.end()) }()
	var warm outcome
	if err := errors.Join(client.write(job{at.Address, s}), client.read(&warm)); err != nil {
		return r, err
	}
	if err := warm.err(); err != nil {
		return r, err
	}
	question := "usage"
	if s.Kind == Idle {
		question = "settled"
	}
	var before, after Usage
	if err := errors.Join(server.ask(question, &before), client.write("go")); err != nil {
		return r, err
	}
	var o outcome
	if err := errors.Join(client.read(&o), server.ask(question, &after)); err != nil {
		return r, err
	}
	if err := o.err(); err != nil {
		return r, err
	}
	o.Result.Server = after.since(before)
	return o.Result, nil
}

// List returns what a program holds.
func List(ctx context.Context, program string) ([]Info, error) {
	out, err := exec.CommandContext(ctx, program, "list").Output()
	if err != nil {
		return nil, fmt.Errorf("%s list: %w", program, err)
	}
	var infos []Info
	if err := json.Unmarshal(out, &infos); err != nil {
		return nil, fmt.Errorf("%s list: %w", program, err)
	}
	return infos, nil
}

// child is a process that speaks JSON.
type child struct {
	role   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer
}

func start(ctx context.Context, program, role, name string) (*child, error) {
	c := &child{role: role, cmd: exec.CommandContext(ctx, program, role, name)}
	c.cmd.Stderr = &c.stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.send(string(line))
}

func (c *child) send(line string) error {
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return fmt.Errorf("%s process: %w", c.role, err)
	}
	return nil
}

func (c *child) ask(question string, answer any) error {
	if err := c.send(question); err != nil {
		return err
	}
	return c.read(answer)
}

// read reads a value. A process that gave none has told why on its stderr.
func (c *child) read(v any) error {
	if err := c.out.Decode(v); err != nil {
		return fmt.Errorf("%s process: %w", c.role, err)
	}
	return nil
}

// end ends the process's input and waits for it.
func (c *child) end() error {
	c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s process: %w: %s", c.role, err, strings.TrimSpace(c.stderr.String()))
	}
	return nil
}
