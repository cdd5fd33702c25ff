// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package users_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
	"github.com/curlewrpc/curlew/examples/users"
)

func serve(t *testing.T) usersv1.UserServiceClient {
	return usersv1.NewUserServiceClient(curlewtest.Serve(t, usersv1.NewUserService(new(users.Store))))
}

func TestCreateThenGet(t *testing.T) {
	c := serve(t)
	created, err := c.CreateUser(t.Context(), &usersv1.CreateUserRequest{Name: "Ada", Email: "Ada@Example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if created.GetId() != 1 || created.GetEmail() != "ada@example.org" || created.GetCreated().AsTime().IsZero() {
		t.Errorf("the new user is %v", created)
	}
	got, err := c.GetUser(t.Context(), &usersv1.GetUserRequest{Id: created.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, created) {
		t.Errorf("got %v, created was %v", got, created)
	}
}

func TestErrorsTellProgramsWhy(t *testing.T) {
	c := serve(t)
	ada := &usersv1.CreateUserRequest{Name: "Ada", Email: "ada@example.org"}
	if _, err := c.CreateUser(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	create := func(r *usersv1.CreateUserRequest) error {
		_, err := c.CreateUser(t.Context(), r)
		return err
	}
	_, missing := c.GetUser(t.Context(), &usersv1.GetUserRequest{Id: 7})
	for _, test := range []struct {
		name string
		err  error
		code curlew.Code
		text string
		want *usersv1.UserProblem
	}{
		{"missing", missing, curlew.NotFound, "there is no user 7", &usersv1.UserProblem{Field: "id"}},
		{"twice", create(ada), curlew.AlreadyExists, "Ada's address", &usersv1.UserProblem{Field: "email", Value: "ada@example.org", Owner: 1}},
		{"no name", create(&usersv1.CreateUserRequest{Email: "x@y"}), curlew.InvalidArgument, "needs a name", &usersv1.UserProblem{Field: "name"}},
		{"no address", create(&usersv1.CreateUserRequest{Name: "X", Email: "x"}), curlew.InvalidArgument, "has an @", &usersv1.UserProblem{Field: "email", Value: "x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !errors.Is(test.err, test.code) || !strings.Contains(test.err.Error(), test.text) {
				t.Errorf("the error is %v, want %v with %q", test.err, test.code, test.text)
			}
			if got := problemOf(test.err); !proto.Equal(got, test.want) {
				t.Errorf("the detail is %v, want %v", got, test.want)
			}
			if origin := curlew.ErrorOf(test.err).Origin(); origin != curlew.OriginServer {
				t.Errorf("the error's origin is %v, want server", origin)
			}
		})
	}
}

// [detail]

// problemOf returns what the server blames, nil if it did not say.
func problemOf(err error) *usersv1.UserProblem {
	for _, detail := range curlew.ErrorOf(err).Details() {
		problem := new(usersv1.UserProblem)
		if ok, err := detail.Read(problem); ok && err == nil {
			return problem
		}
	}
	return nil
}

// [/detail]

func TestList(t *testing.T) {
	c := serve(t)
	const users = 7
	for i := range users {
		_, err := c.CreateUser(t.Context(), &usersv1.CreateUserRequest{Name: "User", Email: fmt.Sprintf("user%d@example.org", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	var ids []int64
	request := &usersv1.ListUsersRequest{PageSize: 3}
	for {
		page, err := c.ListUsers(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range page.GetUsers() {
			ids = append(ids, user.GetId())
		}
		if request.After = page.GetNext(); request.After == 0 {
			break
		}
	}
	if want := "[1 2 3 4 5 6 7]"; fmt.Sprint(ids) != want {
		t.Errorf("the pages hold the users %v, want %s", ids, want)
	}
	if _, err := c.ListUsers(t.Context(), &usersv1.ListUsersRequest{PageSize: -1}); !errors.Is(err, curlew.OutOfRange) {
		t.Errorf("a negative page size gives %v, want out_of_range", err)
	}
	all, err := c.ListUsers(t.Context(), &usersv1.ListUsersRequest{})
	if err != nil || len(all.GetUsers()) != users || all.GetNext() != 0 {
		t.Errorf("the default page is %v, %v; want all %d users", all, err, users)
	}
}
