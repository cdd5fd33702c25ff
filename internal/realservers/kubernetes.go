// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// KubernetesServer is an API server of Kubernetes before an etcd of its own.
// Nothing else of Kubernetes runs: there are no pods, and EndpointSlices are what
// a test writes.
type KubernetesServer struct {
	*Process
	// Etcd has the data.
	Etcd *EtcdServer

	addr string
	dir  string
}

// The tokens of users that the API server knows. One may do everything, the
// other is in no group and has no role.
const (
	KubernetesAdmin  = "token-of-admin"
	KubernetesNobody = "token-of-nobody"
)

// Kubernetes starts an API server.
func Kubernetes(t testing.TB) *KubernetesServer {
	t.Helper()
	program := Find(t, "kube-apiserver")
	port := FreePorts(t, 1)[0]
	k := &KubernetesServer{Etcd: Etcd(t), addr: loopback(port), dir: t.TempDir()}
	key, tokens := filepath.Join(k.dir, "key.pem"), filepath.Join(k.dir, "tokens.csv")
	writeKey(t, key)
	users := KubernetesAdmin + ",admin,1,system:masters\n" + KubernetesNobody + ",nobody,2\n"
	if err := os.WriteFile(tokens, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	k.Process = Run(t, func() *exec.Cmd {
		return exec.Command(program, "--etcd-servers=http://"+k.Etcd.Addr(),
			"--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(port), "--cert-dir="+k.dir,
			"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
			"--service-account-issuer=https://127.0.0.1", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
			"--token-auth-file="+tokens, "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount")
	}, func(ctx context.Context) error {
		_, err := k.ask(ctx, http.MethodGet, "/readyz", "", nil)
		return err
	})
	return k
}

// writeKey writes a new private key.
func writeKey(t testing.TB, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Addr returns the address for clients, "127.0.0.1:34567". They speak TLS.
func (k *KubernetesServer) Addr() string { return k.addr }

// CA returns the file with the certificate that clients trust.
func (k *KubernetesServer) CA() string { return filepath.Join(k.dir, "apiserver.crt") }

// Restart crashes the API server and starts it again.
func (k *KubernetesServer) Restart(t testing.TB) {
	t.Helper()
	k.Kill(t)
	k.Start(t)
}

// Compact has the API server and its etcd forget what was before now.
func (k *KubernetesServer) Compact(t testing.TB) {
	t.Helper()
	k.Kill(t) // it remembers some by itself
	k.Etcd.Compact(t)
	k.Start(t)
}

// Apply creates the object at a path, or makes it what body, in JSON, says.
func (k *KubernetesServer) Apply(t testing.TB, path string, body []byte) {
	t.Helper()
	k.do(t, http.MethodPatch, path+"?fieldManager=test&force=true", "application/apply-patch+yaml", body)
}

// Delete deletes the object at a path.
func (k *KubernetesServer) Delete(t testing.TB, path string) {
	t.Helper()
	k.do(t, http.MethodDelete, path, "", nil)
}

func (k *KubernetesServer) do(t testing.TB, method, path, contentType string, body []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startup)
	defer cancel()
	if _, err := k.ask(ctx, method, path, contentType, body); err != nil {
		t.Fatal(err)
	}
}

// ask does a request as the admin.
func (k *KubernetesServer) ask(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	ca, err := os.ReadFile(k.CA())
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("there is no certificate in " + k.CA())
	}
	client := http.Client{Timeout: startup, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	url := "https://" + k.addr + path
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+KubernetesAdmin)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if response.StatusCode == http.StatusCreated {
		return answer, nil
	}
	return answer, expectStatus(response.StatusCode, url, answer)
}
