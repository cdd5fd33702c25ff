// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// asPlugin makes the test's binary be the command.
const asPlugin = "CURLEW_TEST_AS_PLUGIN"

func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// run runs the command as protoc does.
func run(t *testing.T, stdin []byte, args ...string) (stdout []byte, stderr string, status int) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), asPlugin+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.Bytes(), errs.String(), cmd.ProcessState.ExitCode()
}

func plugin(t *testing.T, parameter string) (*pluginpb.CodeGeneratorResponse, string) {
	t.Helper()
	in, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{"a.proto"},
		Parameter:      &parameter,
		ProtoFile: []*descriptorpb.FileDescriptorProto{{
			Name: proto.String("a.proto"), Syntax: proto.String("proto3"), Package: proto.String("a"),
			MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M")}},
			Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{
				{Name: proto.String("Do"), InputType: proto.String(".a.M"), OutputType: proto.String(".a.M")},
			}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, _ := run(t, in)
	response := new(pluginpb.CodeGeneratorResponse)
	if err := proto.Unmarshal(out, response); err != nil {
		t.Fatal(err)
	}
	return response, stderr
}

func TestPlugin(t *testing.T) {
	response, stderr := plugin(t, "Ma.proto=example.com/a")
	if response.Error != nil || stderr != "" || len(response.File) != 1 {
		t.Fatalf("%v %s", response, stderr)
	}
	if last := descriptorpb.Edition(response.GetMaximumEdition()); last != descriptorpb.Edition_EDITION_2024 {
		t.Errorf("the last edition is %v", last)
	}
	if f := response.File[0]; f.GetName() != "example.com/a/a.curlew.go" || !strings.Contains(f.GetContent(), "func NewSClient(") {
		t.Errorf("got %v", f)
	}
}

func TestPluginErrors(t *testing.T) {
	for parameter, want := range map[string]string{
		"":                              `unable to determine Go import path for "a.proto"`,
		"Ma.proto=example.com/a,x=y":    `unknown parameter "x"; there are package_suffix, paths`,
		"Ma.proto=a,package_suffix=a-b": "package_suffix=a-b: a suffix has letters and digits only",
	} {
		if response, stderr := plugin(t, parameter); !strings.Contains(response.GetError()+stderr, want) {
			t.Errorf("%q: the error is %q %q, want %q in it", parameter, response.GetError(), stderr, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, test := range []struct {
		args   string
		stdout string
		stderr string
		status int
	}{
		{"--version", "protoc-gen-curlew ", "", 0},
		{"--help", "--curlew_out", "", 0},
		{"greet.proto", "", `unknown argument "greet.proto"; it takes its input from protoc or buf`, 2},
	} {
		stdout, stderr, status := run(t, nil, test.args)
		if !strings.Contains(string(stdout), test.stdout) || !strings.Contains(stderr, test.stderr) || status != test.status {
			t.Errorf("%s: %s", test.args, fmt.Sprint(string(stdout), stderr, status))
		}
	}
}
