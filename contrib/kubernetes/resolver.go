// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"context"
	"fmt"
	"iter"
	"log/slog"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/curlewrpc/curlew/discovery"
)

// Resolver finds servers by the EndpointSlices of one cluster. It is safe for
// concurrent use, and needs no closing.
type Resolver struct {
	config    *rest.Config
	namespace string
	zone      string
	order     []family
	logger    *slog.Logger

	client rest.Interface
	err    error // what is wrong with the configuration
}

var _ discovery.Resolver = (*Resolver)(nil)

// Option changes how a [Resolver] works.
type Option func(*Resolver)

// WithConfig says how the API server is reached. By default that is what
// kubectl does: the files in KUBECONFIG, or ~/.kube/config, and without those, in
// a pod, the account that the pod has.
func WithConfig(config *rest.Config) Option {
	return func(r *Resolver) { r.config = config }
}

// WithNamespace says where Services are whose names have no namespace. The
// default is that of the kubeconfig's context, or the pod's own.
func WithNamespace(namespace string) Option {
	return func(r *Resolver) { r.namespace = namespace }
}

// WithZone has the resolver follow the hints for a zone, the client's own: if
// all endpoints have hints and some are meant for the zone, only those are told.
// That is how a Service's trafficDistribution works. By default all are told,
// with their zones.
func WithZone(zone string) Option {
	return func(r *Resolver) { r.zone = zone }
}

// WithIPv6 prefers IPv6 addresses where pods have both kinds. The default is
// IPv4. An endpoint is told once in either case.
func WithIPv6() Option {
	return func(r *Resolver) {
		r.order = []family{discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeFQDN}
	}
}

// WithLogger says where it is told that labels were not understood. The default
// is [slog.Default].
func WithLogger(logger *slog.Logger) Option {
	return func(r *Resolver) { r.logger = logger }
}

// New returns a resolver of the cluster that its options, or the surroundings,
// lead to. It does not connect. What is wrong with them is told by Watch.
func New(options ...Option) *Resolver {
	r := &Resolver{
		order:  []family{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeFQDN},
		logger: slog.Default(),
	}
	for _, option := range options {
		option(r)
	}
	if r.err = r.configure(); r.err != nil {
		r.err = fmt.Errorf("kubernetes: %w", r.err)
	}
	return r
}

func (r *Resolver) configure() error {
	given := r.config != nil
	if !given || r.namespace == "" {
		found := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil)
		var err error
		if r.namespace == "" {
			if r.namespace, _, err = found.Namespace(); err != nil && !given {
				return fmt.Errorf("there is neither a usable kubeconfig nor a pod around: %w", err)
			}
		}
		if !given {
			if r.config, err = found.ClientConfig(); err != nil {
				return fmt.Errorf("there is neither a usable kubeconfig nor a pod around: %w", err)
			}
		}
	}
	if r.namespace == "" {
		r.namespace = "default"
	}
	client, err := newClient(r.config)
	r.client = client
	return err
}

// newClient returns a client that knows EndpointSlices and nothing else.
func newClient(config *rest.Config) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	if err := discoveryv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion = "/apis", &discoveryv1.SchemeGroupVersion
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.AcceptContentTypes, c.ContentType = runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON, runtime.ContentTypeProtobuf
	c.QPS = -1 // a watch has its own pace
	if c.UserAgent == "" {
		c.UserAgent = "curlew " + rest.DefaultKubernetesUserAgent()
	}
	return rest.RESTClientFor(c)
}

// Scheme returns "kubernetes".
func (r *Resolver) Scheme() string { return "kubernetes" }

// Watch tells the endpoints of the Service that t names.
func (r *Resolver) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	if r.err != nil {
		return nil, r.err
	}
	if t.Authority != "" {
		return nil, fmt.Errorf("kubernetes: target %s: the cluster is that of the resolver's configuration; write kubernetes:///%s", t, t.Endpoint)
	}
	n, err := parseName(t.Endpoint, r.namespace)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: target %s: %w", t, err)
	}
	return func(yield func(discovery.Update, error) bool) {
		w := &watch{
			client: r.client, host: r.config.Host, yield: yield,
			set: set{name: n, zone: r.zone, order: r.order, logger: r.logger},
		}
		w.run(ctx)
	}, nil
}
