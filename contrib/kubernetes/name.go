// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// name is what a target names.
type name struct {
	namespace, service string
	port               string // a name or a number; empty means the only one
}

func (n name) String() string { return n.namespace + "/" + n.service }

// parseName reads "service", "service.namespace", either with what a cluster's
// DNS puts after it (".svc.cluster.local"), or "namespace/service", and ":port"
// after any. home is the namespace of a name that has none.
func parseName(s, home string) (name, error) {
	host, port, hasPort := strings.Cut(s, ":")
	n := name{namespace: home, port: port}
	if namespace, service, ok := strings.Cut(host, "/"); ok {
		n.namespace, n.service = namespace, service
	} else {
		labels := strings.SplitN(host, ".", 4)
		n.service = labels[0]
		if len(labels) > 1 {
			n.namespace = labels[1]
		}
		if len(labels) > 2 && labels[2] != "svc" {
			return name{}, errors.New("after service.namespace comes nothing or .svc and the cluster's domain")
		}
	}
	if problems := validation.IsDNS1035Label(n.service); len(problems) > 0 {
		return name{}, fmt.Errorf("%q is not the name of a Service; write service.namespace:port", n.service)
	}
	if problems := validation.IsDNS1123Label(n.namespace); len(problems) > 0 {
		return name{}, fmt.Errorf("%q is not the name of a namespace; write service.namespace:port", n.namespace)
	}
	if !hasPort {
		return n, nil
	}
	if number, err := strconv.Atoi(port); err == nil && (number < 1 || number > 65535) {
		return name{}, fmt.Errorf("port %s is not from 1 to 65535", port)
	} else if problems := validation.IsValidPortName(port); err != nil && len(problems) > 0 {
		return name{}, fmt.Errorf("%q is neither a port nor the name of one", port)
	}
	return n, nil
}

// portOf returns the port of a slice's endpoints that n means, false if the slice
// has none such.
func (n name) portOf(slice *discoveryv1.EndpointSlice) (int32, bool) {
	number, err := strconv.Atoi(n.port)
	if err == nil && len(slice.Ports) == 0 { // a headless Service without ports
		return int32(number), true
	}
	if n.port == "" {
		if len(slice.Ports) == 1 && slice.Ports[0].Port != nil {
			return *slice.Ports[0].Port, true
		}
		return 0, false
	}
	for _, p := range slice.Ports {
		switch {
		case p.Port == nil || p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP:
		case err == nil && *p.Port == int32(number), err != nil && p.Name != nil && *p.Name == n.port:
			return *p.Port, true
		}
	}
	return 0, false
}

// noPort is the error of a Service whose endpoints do not have the port.
func (n name) noPort(slice *discoveryv1.EndpointSlice) error {
	var has []string
	for _, p := range slice.Ports {
		text := "any"
		if p.Port != nil {
			text = strconv.Itoa(int(*p.Port))
		}
		if p.Name != nil && *p.Name != "" {
			text += " (" + *p.Name + ")"
		}
		has = append(has, text)
	}
	ports := "ports " + strings.Join(has, ", ")
	if len(has) == 0 {
		ports = "no ports"
	}
	if n.port == "" {
		return fmt.Errorf("kubernetes: the endpoints of %s have %s; say which: %s.%s:port", n, ports, n.service, n.namespace)
	}
	return fmt.Errorf("kubernetes: the endpoints of %s have %s, and not %s; a number is that on which the pods listen, a name that in the Service", n, ports, n.port)
}
