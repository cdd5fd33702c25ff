// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"maps"
	"reflect"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
)

// Call calls a unary method by name, "Arith.Multiply" or "shop.v1.Cart/Add",
// and decodes its answer into reply, a pointer. The arguments may be a value or
// a pointer. The method counts as not idempotent.
func (c *Client) Call(ctx context.Context, name string, args, reply any, opts ...curlew.CallOption) error {
	request, err := pointer(name, args)
	if err != nil {
		return err
	}
	if v := reflect.ValueOf(reply); v.IsValid() && v.Kind() != reflect.Pointer {
		return invalid("%s: the reply is a %T; pass a pointer to decode into", name, reply)
	}
	m, err := c.methods.method(name, request, reply)
	if err != nil {
		return err
	}
	return c.Invoke(ctx, m, request, reply, opts...)
}

// Notify calls a unary method by name and asks for no answer: it returns once
// the request is flushed and does not tell what became of it. Where the
// protocol has no one-way calls, it waits for the answer and drops the reply.
func (c *Client) Notify(ctx context.Context, name string, args any, opts ...curlew.CallOption) error {
	request, err := pointer(name, args)
	if err != nil {
		return err
	}
	m, err := c.methods.method(name, request, nil)
	if err != nil {
		return err
	}
	return c.Invoke(ctx, m, request, nil, append(opts[:len(opts):len(opts)], curlew.OneWay())...)
}

// pointer returns args as the pointer to a message: args itself, or a pointer
// to a copy.
func pointer(name string, args any) (any, error) {
	v := reflect.ValueOf(args)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		return nil, invalid("%s: the arguments are nil; pass &struct{}{} for none", name)
	case v.Kind() == reflect.Pointer:
		return args, nil
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface(), nil
}

// methodCache keeps the methods that were called by name. Protocols remember a
// method by its pointer.
type methodCache struct {
	known atomic.Pointer[map[methodKey]*curlew.Method] // replaced as a whole
}

type methodKey struct {
	name           string
	request, reply reflect.Type
}

// maxMethods bounds the cache. One that is full begins anew.
const maxMethods = 1024

func (c *methodCache) method(name string, request, reply any) (*curlew.Method, error) {
	key := methodKey{name, messageType(request), messageType(reply)}
	known := c.known.Load()
	if known != nil {
		if m := (*known)[key]; m != nil {
			return m, nil
		}
	}
	m := curlew.NewMethod(name, curlew.KindUnary, curlew.MessageTypes(key.request, key.reply))
	if m.Name() == "" {
		return nil, invalid("%q is not the name of a method; write Service.Method or pkg.Service/Method", name)
	}
	grown := make(map[methodKey]*curlew.Method)
	if known != nil && len(*known) < maxMethods {
		maps.Copy(grown, *known)
	}
	grown[key] = m
	c.known.CompareAndSwap(known, &grown) // whoever loses adds it next time
	return m, nil
}

// messageType is the type that a message points to, nil for no message.
func messageType(message any) reflect.Type {
	if t := reflect.TypeOf(message); t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return nil
}
