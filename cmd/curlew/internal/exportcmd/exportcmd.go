// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package exportcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "export",
		Short: "Write services down as .proto files or OpenAPI",
		Example: `  curlew export proto localhost:8080 --out proto
  curlew export openapi localhost:8080 --out openapi.yaml`,
	}
	c.AddCommand(newProto(env), newOpenAPI(env))
	return c
}

// sourceHelp says what SOURCE may be.
const sourceHelp = `SOURCE is the address of a server that offers reflection, a .proto file, a folder of
them, or a file with a descriptor set.`

// from is where services come from, as the command line has it.
type from struct {
	server      target.Flags
	importPaths []string
	services    []string
}

func (f *from) addTo(c *cobra.Command) {
	f.server.AddConnection(c.Flags())
	c.Flags().StringArrayVarP(&f.importPaths, "import-path", "I", nil, "`FOLDER` in which imports of .proto files are looked for; may be given several times")
	c.Flags().StringArrayVar(&f.services, "service", nil, "`NAME` of a service to export, instead of all but those that servers have for themselves; may be given several times")
}

// open returns what is known of the source, and the services to export.
func (f *from) open(ctx context.Context, name string) (*source.Source, []protoreflect.ServiceDescriptor, error) {
	s, err := f.read(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	var services []protoreflect.ServiceDescriptor
	for _, want := range f.services {
		sd, err := s.Service(want)
		if err != nil {
			return nil, nil, err
		}
		services = append(services, sd)
	}
	if len(f.services) == 0 {
		for _, sd := range s.Services {
			if !strings.HasPrefix(string(sd.FullName()), "grpc.") {
				services = append(services, sd)
			}
		}
	}
	if len(services) == 0 {
		return nil, nil, fmt.Errorf("%s has no services to export", name)
	}
	return s, services, nil
}

func (f *from) read(ctx context.Context, name string) (*source.Source, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		files, err := protofiles.Find(name)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("there are no .proto files in %s", name)
		}
		return source.Protos(ctx, f.importPaths, files)
	case filepath.Ext(name) == ".proto":
		return source.Protos(ctx, f.importPaths, []string{name})
	case err == nil && info.Mode().IsRegular():
		return source.DescriptorSet(name)
	}
	ctx, cancel := f.server.Context(ctx)
	defer cancel()
	c, err := f.server.Dial(ctx, name)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return source.Reflect(ctx, c, f.services...)
}

// one takes the command's only argument.
func one(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return cli.Usage(c, "%s takes one source: an address, .proto files or a descriptor set", c.CommandPath())
	}
	return nil
}

// write writes a file whole or not at all, and not if it is so already.
func write(name string, content []byte) error {
	if old, err := os.ReadFile(name); err == nil && slices.Equal(old, content) {
		return nil
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it has been renamed there is nothing to remove
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}
