// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/curlewrpc/curlew/discovery"
)

// script is an API server that answers each request by the next step.
type script struct {
	t     *testing.T
	steps chan func(w http.ResponseWriter, r *http.Request)
	seen  chan string
}

func newScript(t *testing.T, steps ...func(http.ResponseWriter, *http.Request)) (*script, *Resolver) {
	s := &script{t: t, steps: make(chan func(http.ResponseWriter, *http.Request), len(steps)), seen: make(chan string, 100)}
	for _, step := range steps {
		s.steps <- step
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, New(WithConfig(&rest.Config{Host: server.URL}), WithNamespace("prod"))
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	what := fmt.Sprintf("%s %s list", r.URL.Path, q.Get("labelSelector"))
	if q.Get("watch") == "true" {
		what = "watch from " + q.Get("resourceVersion")
	}
	select {
	case s.seen <- what:
	default:
	}
	w.Header().Set("Content-Type", "application/json")
	select {
	case step := <-s.steps:
		step(w, r)
	default:
		<-r.Context().Done()
	}
}

func (s *script) saw(what string) {
	s.t.Helper()
	select {
	case got := <-s.seen:
		if got != what {
			s.t.Errorf("the request is %q, want %q", got, what)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatalf("no request %q", what)
	}
}

// list answers with slices, at a version.
func list(version string, slices ...*discoveryv1.EndpointSlice) func(http.ResponseWriter, *http.Request) {
	l := &discoveryv1.EndpointSliceList{ListMeta: metav1.ListMeta{ResourceVersion: version}}
	l.APIVersion, l.Kind = "discovery.k8s.io/v1", "EndpointSliceList"
	for _, slice := range slices {
		l.Items = append(l.Items, *slice)
	}
	return func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(l) }
}

// event answers a watch with one event, and goes on until the client leaves.
func event(kind, version string, slice *discoveryv1.EndpointSlice) func(http.ResponseWriter, *http.Request) {
	slice.APIVersion, slice.Kind, slice.ResourceVersion = "discovery.k8s.io/v1", "EndpointSlice", version
	return func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": kind, "object": slice})
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func status(code int, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	}
}

// refuse answers a request with a status.
func refuse(s *metav1.Status) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(int(s.Code))
		_ = json.NewEncoder(w).Encode(s)
	}
}

// fail answers a watch with an error as an event.
func fail(s *metav1.Status) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "ERROR", "object": s})
	}
}

// told is what a watch tells, as text: addresses, or an error.
func told(t *testing.T, r *Resolver, target string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	updates, err := r.Watch(ctx, discovery.Target{Scheme: "kubernetes", Endpoint: target})
	if err != nil {
		t.Fatal(err)
	}
	texts, ended := make(chan string), make(chan struct{})
	go func() {
		defer close(ended)
		for u, err := range updates {
			text := fmt.Sprint(err)
			if err == nil {
				var addresses []string
				for _, e := range u.Endpoints {
					addresses = append(addresses, e.Address)
				}
				text = strings.Join(addresses, " ")
			}
			select {
			case texts <- text:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return texts
}

func expect(t *testing.T, texts <-chan string, want string) {
	t.Helper()
	select {
	case got := <-texts:
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("told is %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing is told, want %q", want)
	}
}

func TestListAndWatch(t *testing.T) {
	s, r := newScript(t, list("7"), event("ADDED", "8", slice("a", v4, "10.0.0.1")))
	texts := told(t, r, "shop")
	expect(t, texts, "")
	expect(t, texts, "10.0.0.1:8080")
	s.saw("/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices kubernetes.io/service-name=shop list")
	s.saw("watch from 7")
}

// TestForgotten has the API server forget the version of the set, in each of the
// ways in which it says so.
func TestForgotten(t *testing.T) {
	tooLarge := status(504, metav1.StatusReasonTimeout, "Too large resource version: 7, current: 1")
	tooLarge.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}}
	for what, step := range map[string]func(http.ResponseWriter, *http.Request){
		"expired, as an event": fail(status(410, metav1.StatusReasonExpired, "too old resource version")),
		"gone, as an event":    fail(status(410, metav1.StatusReasonGone, "too old resource version")),
		"expired":              refuse(status(410, metav1.StatusReasonExpired, "too old resource version")),
		"of the future":        fail(tooLarge),
	} {
		t.Run(what, func(t *testing.T) {
			s, r := newScript(t, list("7", slice("a", v4, "10.0.0.1")), step,
				list("9", slice("a", v4, "10.0.0.1"), slice("b", v4, "10.0.0.2")), event("DELETED", "10", slice("a", v4, "10.0.0.1")))
			texts := told(t, r, "shop.prod")
			expect(t, texts, "10.0.0.1:8080")
			expect(t, texts, "10.0.0.1:8080 10.0.0.2:8080")
			expect(t, texts, "10.0.0.2:8080")
			for _, want := range []string{"list", "watch from 7", "list", "watch from 9"} {
				if want == "list" {
					want = "/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices kubernetes.io/service-name=shop list"
				}
				s.saw(want)
			}
		})
	}
}

func TestBookmarksMoveTheVersion(t *testing.T) {
	mark := slice("", v4)
	mark.APIVersion, mark.Kind, mark.ResourceVersion = "discovery.k8s.io/v1", "EndpointSlice", "50"
	s, r := newScript(t, list("7", slice("a", v4, "10.0.0.1")), func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "BOOKMARK", "object": mark})
		_ = http.NewResponseController(w).Flush()
		<-time.After(brief + brief/10)
	}, event("MODIFIED", "51", slice("a", v4, "10.0.0.2")))
	texts := told(t, r, "shop")
	expect(t, texts, "10.0.0.1:8080")
	expect(t, texts, "10.0.0.2:8080")
	<-s.seen
	s.saw("watch from 7")
	s.saw("watch from 50")
}

func TestTroubleIsTold(t *testing.T) {
	const forbidden = `endpointslices.discovery.k8s.io is forbidden: User "ada" cannot list`
	_, r := newScript(t,
		refuse(status(403, metav1.StatusReasonForbidden, forbidden)),
		refuse(status(401, metav1.StatusReasonUnauthorized, "Unauthorized")),
		func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("<html>")) },
		list("7", slice("a", v4, "10.0.0.1")),
		refuse(status(403, metav1.StatusReasonForbidden, strings.ReplaceAll(forbidden, "list", "watch"))),
		func(w http.ResponseWriter, r *http.Request) {}, // a watch that ends at once
		event("MODIFIED", "8", slice("a", v4, "10.0.0.1", "10.0.0.2")))
	texts := told(t, r, "shop")
	expect(t, texts, forbidden)
	expect(t, texts, "prod/shop: cannot list EndpointSlices at http://127.0.0.1")
	expect(t, texts, "cannot list")
	expect(t, texts, "10.0.0.1:8080")
	expect(t, texts, "needs a Role with the verbs list and watch for the resource endpointslices of the API group discovery.k8s.io in the namespace prod")
	expect(t, texts, "10.0.0.1:8080") // again, since an error was told
	expect(t, texts, "it closes the connection")
	expect(t, texts, "10.0.0.1:8080")
	expect(t, texts, "10.0.0.1:8080 10.0.0.2:8080")
}

func TestAuthority(t *testing.T) {
	_, r := newScript(t)
	_, err := r.Watch(t.Context(), discovery.Target{Scheme: "kubernetes", Authority: "host", Endpoint: "shop"})
	if err == nil || !strings.Contains(err.Error(), "write kubernetes:///shop") {
		t.Errorf("error is %v", err)
	}
}

// TestKubeconfig takes the server and the namespace from a file.
func TestKubeconfig(t *testing.T) {
	s, _ := newScript(t, list("7", slice("a", v4, "10.0.0.1")))
	server := httptest.NewServer(s)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": [{"name": "k", "cluster": {"server": %q}}],
		"contexts": [{"name": "c", "context": {"cluster": "k", "namespace": "team", "user": "u"}}],
		"users": [{"name": "u", "user": {"token": "secret"}}]}`, server.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	ctx, cancel := context.WithCancel(t.Context())
	updates, err := New().Watch(ctx, discovery.Target{Scheme: "kubernetes", Endpoint: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	for u, err := range updates {
		if err != nil || len(u.Endpoints) != 1 {
			t.Errorf("got %+v, %v", u, err)
		}
		break
	}
	cancel()
	s.saw("/apis/discovery.k8s.io/v1/namespaces/team/endpointslices kubernetes.io/service-name=shop list")

	t.Setenv("KUBECONFIG", file+".missing")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := New().Watch(t.Context(), discovery.Target{Scheme: "kubernetes", Endpoint: "shop"}); err == nil ||
		!strings.Contains(err.Error(), "neither a usable kubeconfig nor a pod") {
		t.Errorf("error is %v", err)
	}
}
