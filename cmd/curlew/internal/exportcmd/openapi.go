// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package exportcmd

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

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
such bodies cannot carry are left out, and listed on standard error.

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
		json, err := isJSON(env, format, out)
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
		text, err := render(document, json)
		if err != nil {
			return err
		}
		if !env.Quiet {
			for _, what := range left {
				fmt.Fprintln(env.Err, "left out:", what)
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

func render(d *openapi.Document, json bool) ([]byte, error) {
	if json {
		return d.JSON()
	}
	return d.YAML()
}

// names is what --json prints of the files that were written.
func names(files []file) ([]byte, error) {
	list := struct {
		Files []string `json:"files"`
	}{Files: []string{}}
	for _, f := range files {
		list.Files = append(list.Files, f.name)
	}
	text, err := json.MarshalIndent(list, "", "  ")
	return append(text, '\n'), err
}

// print returns files one after the other, each after its name.
func print(files []file) string {
	var b strings.Builder
	for i, f := range files {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "// %s\n\n%s", f.name, f.text)
	}
	return b.String()
}
