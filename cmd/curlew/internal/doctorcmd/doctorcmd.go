// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package doctorcmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/completion"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// flags are those of the command.
type flags struct {
	timeout time.Duration
	server  target.Flags
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	f := new(flags)
	c := &cobra.Command{
		Use:   "doctor ADDRESS [METHOD]",
		Short: "Find out why a call does not work",
		Long: `Doctor goes the way of a call step by step: it looks up the name, dials every
address, makes the TLS handshake and reads the certificate, finds out what the
server speaks, asks for its health and its services, and looks for the method.
It says what is wrong in plain words, and what to do.

It calls nothing but the health and reflection services. The exit status is 0 if
calls would work, and 1 otherwise.`,
		Example: `  curlew doctor localhost:8080
  curlew doctor localhost:8080 shop.v1.Cart/Add
  curlew doctor https://shop.example
  curlew doctor 10.1.2.3:443 --tls --server-name shop.example --ca ca.pem
  curlew doctor unix:///run/shop.sock --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return cli.Usage(c, "doctor takes an address, and a method if there is one to look for")
			}
			return nil
		},
		ValidArgsFunction: completion.Methods(&f.server, new(source.Flags)),
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, env, args) },
	}
	c.Flags().DurationVar(&f.timeout, "timeout", 3*time.Second, "`DURATION` after which a step is given up")
	f.server.AddTLS(c.Flags())
	return c
}

func (f *flags) run(c *cobra.Command, env *cli.Env, args []string) error {
	if f.timeout <= 0 {
		return cli.Usage(c, "--timeout must be more than 0")
	}
	address, config, err := f.server.Secure(args[0])
	if err != nil {
		return cli.Usage(c, "%v", err)
	}
	r := &report{Address: address}
	if len(args) > 1 {
		service, method := curlew.SplitName(strings.TrimPrefix(args[1], "/"))
		if service == "" || method == "" {
			return cli.Usage(c, "%q is no method; write it as shop.v1.Cart/Add", args[1])
		}
		r.Method = service + "/" + method
	}
	e := &exam{report: r, timeout: f.timeout, tls: config}
	e.run(c.Context())
	if err := c.Context().Err(); err != nil {
		return fmt.Errorf("stopped before the end: %w", err)
	}
	r.Works = r.failed() == nil
	if env.JSON {
		err = r.json(env.Out)
	} else {
		err = r.text(env.Out, env.Color, env.Quiet)
	}
	if err == nil && !r.Works {
		err = cli.Status(1, nil)
	}
	return err
}
