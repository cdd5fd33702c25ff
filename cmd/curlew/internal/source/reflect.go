// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/reflection"
)

// Reflect asks a server for what declares the symbols, the names of services for
// instance. Without any it asks for all services but those for reflection itself;
// then it is no error if the server does not describe one.
func Reflect(ctx context.Context, caller curlew.Caller, symbols ...string) (*Source, error) {
	c := reflection.NewClient(caller)
	all := len(symbols) == 0
	if all {
		names, err := c.Services(ctx)
		if err != nil {
			return nil, withoutReflection(err)
		}
		for _, name := range names {
			if name != reflection.V1 && name != reflection.V1Alpha {
				symbols = append(symbols, name)
			}
		}
	}
	set := new(descriptorpb.FileDescriptorSet)
	known := make(map[string]bool) // paths of the files in set
	var undescribed []string
	for _, symbol := range symbols {
		files, err := c.Files(ctx, symbol)
		if all && isUndescribed(err) {
			undescribed = append(undescribed, symbol)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the server's description of %s: %w", symbol, withoutReflection(err))
		}
		files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
			if !known[file.Path()] {
				known[file.Path()] = true
				set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
			}
			return true
		})
	}
	s, err := newSource("on the server", set)
	if err != nil {
		return nil, err
	}
	s.Undescribed = undescribed
	for _, symbol := range symbols {
		if d, err := s.Files.FindDescriptorByName(protoreflect.FullName(symbol)); err == nil {
			s.addService(d)
		}
	}
	s.sort()
	return s, nil
}

// isUndescribed reports whether the server has answered that it does not know a
// service's files, or with some that are broken.
func isUndescribed(err error) bool {
	return errors.Is(err, curlew.NotFound) || errors.Is(err, curlew.Internal) || errors.Is(err, curlew.Unknown)
}

// addService takes a service, or that of a method, among those to be worked on.
func (s *Source) addService(d protoreflect.Descriptor) {
	if m, ok := d.(protoreflect.MethodDescriptor); ok {
		d = m.Parent()
	}
	if sd, ok := d.(protoreflect.ServiceDescriptor); ok && s.service(string(sd.FullName())) == nil {
		s.Services = append(s.Services, sd)
	}
}

// withoutReflection says what to do about a server that does not describe
// itself.
func withoutReflection(err error) error {
	const instead = "\nName the .proto files by --proto FILE (and -I FOLDER), or a descriptor set by --descriptor-set FILE"
	switch {
	case errors.Is(err, curlew.Unimplemented):
		return fmt.Errorf("the server does not offer reflection: %w%s", err, instead)
	case errors.Is(err, curlew.PermissionDenied), errors.Is(err, curlew.Unauthenticated):
		return fmt.Errorf("the server does not let us ask what it has: %w%s", err, instead)
	default:
		return err
	}
}

// ReflectFor asks a server for the service of a method or, if there is no such
// service, for all, so that [Source.Method] can say which there are.
func ReflectFor(ctx context.Context, caller curlew.Caller, symbol string) (*Source, error) {
	service, _, slash := strings.Cut(strings.TrimPrefix(symbol, "/"), "/")
	candidates := []string{service}
	if !slash {
		parent, _ := curlew.SplitName(symbol)
		candidates = []string{symbol, parent}
	}
	for _, name := range candidates {
		if name == "" {
			continue
		}
		s, err := Reflect(ctx, caller, name)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, curlew.NotFound) && !errors.Is(err, curlew.InvalidArgument) {
			return nil, err
		}
	}
	return Reflect(ctx, caller)
}
