// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package exportcmd

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/exportcmd/openapi"
)

// newOpenAPI returns the command curlew export openapi.
func newOpenAPI(env *cli.Env) *cobra.Command {
	var (
		in      from
		options openapi.Options
		out     string
		format  string
	)
	c := &cobra.Command{
		Use:   "openapi SOURCE",
		Short: "Write services down as OpenAPI 3.1",
		Long: `Openapi writes down how services are called by HTTP with bodies of JSON: the
Connect protocol's POST /pkg.Service/Method, its GET for methods without side
effects, and the routes of google.api.http. Messages are ProtoJSON. Streams that
such bodies cannot carry and routes that OpenAPI has no room for are left out, and
listed on standard error and in the document's description.

` + sourceHelp,
		Example: `  curlew export openapi localhost:8080 > openapi.yaml
  curlew export openapi proto --title Shop --api-version 1.2.0 --server https://shop.example --out openapi.json
  curlew export openapi proto/shop/v1/cart.proto -I proto --service shop.v1.Cart`,
		Args: one,
	}
	in.addTo(c)
	c.Flags().StringVar(&options.Title, "title", "", "`TITLE` of the document (default: the services' names)")
	c.Flags().StringVar(&options.Version, "api-version", "0.0.0", "`VERSION` of the interface")
	c.Flags().StringArrayVar(&options.Servers, "server", nil, "`URL` of a server; may be given several times")
	c.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write to, instead of standard output")
	c.Flags().StringVar(&format, "format", "", "yaml or json (default: what --json or the file's name says, else yaml)")
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := isJSON(env, format, out)
		if err != nil {
			return cli.Usage(c, "%v", err)
		}
		_, services, err := in.open(c.Context(), args[0])
		if err != nil {
			return err
		}
		document, left, err := openapi.Build(services, options)
		if err != nil {
			return err
		}
		text, err := render(document, asJSON)
		if err != nil {
			return err
		}
		if !env.Quiet {
			for _, what := range left {
				fmt.Fprintln(env.Err, "left out:", what)
			}
			if len(left) > 0 {
				fmt.Fprintf(env.Err, "%d left out; the document's description lists them, too\n", len(left))
			}
		}
		if out != "" {
			return write(out, text)
		}
		_, err = env.Out.Write(text)
		return err
	}
	return c
}

func isJSON(env *cli.Env, format, out string) (bool, error) {
	switch {
	case format == "json", format == "yaml":
		return format == "json", nil
	case format != "":
		return false, fmt.Errorf("--format %s: there is no such format; use yaml or json", format)
	}
	return env.JSON || filepath.Ext(out) == ".json", nil
}

func render(d *openapi.Document, asJSON bool) ([]byte, error) {
	if asJSON {
		return d.JSON()
	}
	return d.YAML()
}
