// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"errors"
	"fmt"
	"maps"
	"reflect"

	"google.golang.org/grpc"

	"github.com/curlewrpc/curlew"
)

// Registrar turns the services that generated code registers into Curlew's. It
// is a [grpc.ServiceRegistrar], and can be given to grpc-go's reflection service
// too. Make it with NewRegistrar; it is not safe for concurrent use.
type Registrar struct {
	unary    grpc.UnaryServerInterceptor
	stream   grpc.StreamServerInterceptor
	services []*curlew.Service
	infos    map[string]grpc.ServiceInfo
	errs     []error
}

var _ grpc.ServiceRegistrar = (*Registrar)(nil)

// RegistrarOption changes a Registrar.
type RegistrarOption func(*Registrar)

// WithUnaryServerInterceptors runs interceptors around the unary methods of the
// services, the first outermost, as [grpc.ChainUnaryInterceptor] does.
func WithUnaryServerInterceptors(interceptors ...grpc.UnaryServerInterceptor) RegistrarOption {
	return func(r *Registrar) {
		r.unary = chainUnary(append([]grpc.UnaryServerInterceptor{r.unary}, interceptors...))
	}
}

// WithStreamServerInterceptors does the same for methods that stream.
func WithStreamServerInterceptors(interceptors ...grpc.StreamServerInterceptor) RegistrarOption {
	return func(r *Registrar) {
		r.stream = chainStream(append([]grpc.StreamServerInterceptor{r.stream}, interceptors...))
	}
}

// NewRegistrar returns a Registrar without services.
func NewRegistrar(opts ...RegistrarOption) *Registrar {
	r := &Registrar{infos: make(map[string]grpc.ServiceInfo)}
	for _, opt := range opts {
		opt(r)
	}
	return r
}

// RegisterService implements [grpc.ServiceRegistrar]. What is wrong with a
// service is told by [Registrar.Services].
func (r *Registrar) RegisterService(d *grpc.ServiceDesc, implementation any) {
	if err := check(d, implementation); err != nil {
		r.errs = append(r.errs, err)
		return
	}
	info := grpc.ServiceInfo{Metadata: d.Metadata}
	var list []*curlew.Method
	for i := range d.Methods {
		m := &d.Methods[i]
		info.Methods = append(info.Methods, grpc.MethodInfo{Name: m.MethodName})
		u := &unary{desc: m, implementation: implementation, fullMethod: fullMethod(d, m.MethodName), interceptor: r.unary}
		list = append(list, method(d, m.MethodName, curlew.KindUnary, u.serve))
	}
	for i := range d.Streams {
		m := &d.Streams[i]
		info.Methods = append(info.Methods, grpc.MethodInfo{Name: m.StreamName, IsClientStream: m.ClientStreams, IsServerStream: m.ServerStreams})
		s := &streaming{handler: m.Handler, implementation: implementation, interceptor: r.stream, info: grpc.StreamServerInfo{
			FullMethod: fullMethod(d, m.StreamName), IsClientStream: m.ClientStreams, IsServerStream: m.ServerStreams,
		}}
		list = append(list, method(d, m.StreamName, kindOf(m), s.serve))
	}
	if _, twice := r.infos[d.ServiceName]; twice {
		r.errs = append(r.errs, fmt.Errorf("service %s was registered twice", d.ServiceName))
		return
	}
	r.infos[d.ServiceName] = info
	r.services = append(r.services, curlew.NewService(d.ServiceName, list...))
}

func fullMethod(d *grpc.ServiceDesc, method string) string { return "/" + d.ServiceName + "/" + method }

// method returns a method of d that h serves.
func method(d *grpc.ServiceDesc, name string, kind curlew.Kind, h curlew.Handler) *curlew.Method {
	return curlew.NewMethod(d.ServiceName+"/"+name, kind, append(known(d.ServiceName, name), h)...)
}

// check refuses what grpc-go's server refuses.
func check(d *grpc.ServiceDesc, implementation any) error {
	if d == nil {
		return errors.New("the service's description is nil")
	}
	if implementation == nil {
		return fmt.Errorf("service %s: there is no implementation", d.ServiceName)
	}
	want := reflect.TypeOf(d.HandlerType)
	if want == nil || want.Kind() != reflect.Pointer || want.Elem().Kind() != reflect.Interface {
		return fmt.Errorf("service %s: its description's HandlerType is a %v, not a pointer to an interface", d.ServiceName, want)
	}
	if got := reflect.TypeOf(implementation); !got.Implements(want.Elem()) {
		return fmt.Errorf("service %s: %v does not implement %v", d.ServiceName, got, want.Elem())
	}
	return nil
}

// Services returns what was registered so far, for [server.Server.Register] or
// [client.WithServices], or what is wrong with it.
func (r *Registrar) Services() ([]*curlew.Service, error) {
	errs := r.errs
	for _, s := range r.services {
		errs = append(errs[:len(errs):len(errs)], s.Err())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("grpcgo: %w", err)
	}
	return r.services, nil
}

// GetServiceInfo tells of the registered services what [grpc.Server] does.
func (r *Registrar) GetServiceInfo() map[string]grpc.ServiceInfo { return maps.Clone(r.infos) }
