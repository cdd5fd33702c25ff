// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package kubernetes finds servers that run as pods behind a Service of
// Kubernetes, by its EndpointSlices:
//
//	c, err := client.New("kubernetes:///shop.prod:grpc", client.WithResolver(kubernetes.New()))
//
// A target is service.namespace:port, with or without the rest of the cluster's
// DNS name (shop.prod.svc.cluster.local:grpc), or namespace/service:port. Without
// a namespace, it is the pod's own or that of the kubeconfig. The port is the name
// of the Service's port, or the number on which the pods listen (the Service's
// targetPort, which may differ from its port); it may be left out if there is
// one only. The Service needs no cluster IP.
//
// There is no Registrar: Kubernetes knows its pods. A pod is called once its
// readinessProbe succeeds, for which package health has a service.
//
// # What is told
//
// The endpoints that are ready and do not terminate; if there are none, those
// that terminate and still serve. A pod that terminates is left out at once and
// can serve what has begun. A pod with addresses of both families is told once, by
// IPv4 unless [WithIPv6] is given. Zone is the endpoint's, and the labels "pod" and
// "node" name those. Labels of the EndpointSlice, which has those of the Service,
// say the rest for all its endpoints: "app.kubernetes.io/version" is Version, and
// "curlew/weight", from 1 to 1000000, is Weight.
//
// # Rights
//
// The account needs to list and watch the EndpointSlices of the namespace:
//
//	apiVersion: rbac.authorization.k8s.io/v1
//	kind: Role
//	metadata: {name: curlew, namespace: prod}
//	rules:
//	- apiGroups: [discovery.k8s.io]
//	  resources: [endpointslices]
//	  verbs: [list, watch]
//
// and a RoleBinding of that to the ServiceAccount of the clients' pods.
//
// # Trouble
//
// While the API server does not answer, the last endpoints stay, errors say why
// nothing newer is known, and it is asked again after 200 ms at most, then ever
// more seldom, up to every five seconds, at random times. What happened meanwhile is
// caught up with, without a new list where the API server still knows it. One that
// hangs is noticed within 45 seconds.
package kubernetes
