// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/curlewrpc/curlew/contrib/kubernetes"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/realservers"
)

// apartKey says that the process is apart.
const apartKey = "CURLEW_TEST_APART"

// apart runs the current test once more, in a process with network interfaces
// and mounts of its own, and reports whether this is that process. There servers
// can have addresses that are not of the loopback range, which EndpointSlices do
// not take, and files can be where a pod has them.
func apart(t *testing.T) bool {
	t.Helper()
	ip := realservers.Find(t, "ip")
	realservers.Find(t, "kube-apiserver")
	if os.Getenv(apartKey) != "" {
		if out, err := exec.Command(ip, "link", "set", "lo", "up").CombinedOutput(); err != nil {
			t.Fatalf("ip link set lo up: %v\n%s", err, out)
		}
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), apartKey+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("NOT TESTED: a process may not have namespaces of its own here: %v", err)
	}
	t.Logf("apart:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	return false
}

// TestInPod finds the API server, the namespace and the rights as in a pod.
func TestInPod(t *testing.T) {
	if !apart(t) {
		return
	}
	server := realservers.Kubernetes(t)
	newController(server).setEndpoints(t, "shop", []discovery.Endpoint{{Address: "10.1.0.1:8080"}})
	ca, err := os.ReadFile(server.CA())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	const account = "/run/secrets/kubernetes.io/serviceaccount"
	if err := os.MkdirAll(account, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"ca.crt": string(ca), "token": realservers.KubernetesAdmin, "namespace": "default"} {
		if err := os.WriteFile(filepath.Join(account, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", host)
	t.Setenv("KUBERNETES_SERVICE_PORT", port)
	t.Setenv("KUBECONFIG", "")
	t.Setenv("HOME", t.TempDir())
	updates, err := kubernetes.New().Watch(t.Context(), discovery.Target{Scheme: "kubernetes", Endpoint: "shop:grpc"})
	if err != nil {
		t.Fatal(err)
	}
	for u, err := range updates {
		if err != nil || len(u.Endpoints) != 1 {
			t.Errorf("got %+v, %v, want one endpoint", u, err)
		}
		break
	}
}
