// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/curlewrpc/curlew"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
)

// Store keeps users in memory. It implements usersv1.UserService and is safe
// for concurrent use. The zero Store is empty.
type Store struct {
	mu      sync.Mutex
	users   []*usersv1.User // users[i] has the id i+1; never changed once there
	byEmail map[string]*usersv1.User
}

const (
	maxUsers    = 100_000
	maxPageSize = 500
)

// CreateUser adds a user.
func (s *Store) CreateUser(_ context.Context, in *usersv1.CreateUserRequest) (*usersv1.User, error) {
	if in.GetName() == "" {
		return nil, problem(curlew.InvalidArgument, "a user needs a name", &usersv1.UserProblem{Field: "name"})
	}
	email := strings.ToLower(in.GetEmail())
	if !strings.Contains(email, "@") {
		return nil, problem(curlew.InvalidArgument, "an e-mail address has an @",
			&usersv1.UserProblem{Field: "email", Value: in.GetEmail()})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner := s.byEmail[email]; owner != nil {
		return nil, problem(curlew.AlreadyExists, email+" is "+owner.GetName()+"'s address already",
			&usersv1.UserProblem{Field: "email", Value: email, Owner: owner.GetId()})
	}
	if len(s.users) == maxUsers {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "there is no room for more than %d users", maxUsers)
	}
	user := &usersv1.User{Id: int64(len(s.users) + 1), Name: in.GetName(), Email: email, Created: timestamppb.New(time.Now())}
	if s.byEmail == nil {
		s.byEmail = make(map[string]*usersv1.User)
	}
	s.users, s.byEmail[email] = append(s.users, user), user
	return user, nil
}

// [get]

// GetUser returns one user.
func (s *Store) GetUser(_ context.Context, in *usersv1.GetUserRequest) (*usersv1.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := in.GetId(); id < 1 || id > int64(len(s.users)) {
		return nil, problem(curlew.NotFound, fmt.Sprintf("there is no user %d", id), &usersv1.UserProblem{Field: "id"})
	}
	return s.users[in.GetId()-1], nil
}

// problem returns an error with a detail.
func problem(code curlew.Code, text string, p *usersv1.UserProblem) error {
	detail, err := curlew.NewDetail(p)
	if err != nil {
		return err
	}
	return curlew.NewError(code, text).WithDetails(detail)
}

// [/get]

// ListUsers returns users in the order of their creation.
func (s *Store) ListUsers(_ context.Context, in *usersv1.ListUsersRequest) (*usersv1.ListUsersResponse, error) {
	size := int(in.GetPageSize())
	if size < 0 || size > maxPageSize {
		return nil, curlew.Errorf(curlew.OutOfRange, "the page size is %d; it can be 0 to %d", size, maxPageSize)
	}
	if size == 0 {
		size = 50
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := int(min(max(in.GetAfter(), 0), int64(len(s.users)))) // the id before it is its index
	end := min(begin+size, len(s.users))
	page := &usersv1.ListUsersResponse{Users: s.users[begin:end:end]}
	if end < len(s.users) {
		page.Next = int64(end)
	}
	return page, nil
}
