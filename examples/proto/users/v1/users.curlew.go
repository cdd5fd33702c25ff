// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package usersv1

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// UserServiceName is the full name of the UserService service.
const UserServiceName = "users.v1.UserService"

// UserService is implemented by those who serve users.v1.UserService.
//
// UserService keeps users. The details of its errors are UserProblems.
type UserService interface {
	// CreateUser adds a user. It fails with ALREADY_EXISTS if the address is taken.
	CreateUser(ctx context.Context, request *CreateUserRequest) (*User, error)
	// GetUser returns one user, or NOT_FOUND.
	GetUser(ctx context.Context, request *GetUserRequest) (*User, error)
	// ListUsers returns users in the order of their creation, page by page.
	ListUsers(ctx context.Context, request *ListUsersRequest) (*ListUsersResponse, error)
}

// NewUserService returns impl as a service that servers and clients take.
func NewUserService(impl UserService) *curlew.Service {
	return curlew.NewService(UserServiceName,
		curlew.Unary("CreateUser", impl.CreateUser),
		curlew.Unary("GetUser", impl.GetUser, curlew.NoSideEffects),
		curlew.Unary("ListUsers", impl.ListUsers, curlew.NoSideEffects),
	)
}

// UserServiceClient calls users.v1.UserService.
//
// UserService keeps users. The details of its errors are UserProblems.
type UserServiceClient interface {
	// CreateUser adds a user. It fails with ALREADY_EXISTS if the address is taken.
	CreateUser(ctx context.Context, request *CreateUserRequest, opts ...curlew.CallOption) (*User, error)
	// GetUser returns one user, or NOT_FOUND.
	GetUser(ctx context.Context, request *GetUserRequest, opts ...curlew.CallOption) (*User, error)
	// ListUsers returns users in the order of their creation, page by page.
	ListUsers(ctx context.Context, request *ListUsersRequest, opts ...curlew.CallOption) (*ListUsersResponse, error)
}

// NewUserServiceClient returns a client that calls through c, which may be a
// client.Client, a peer's Caller or a test's.
func NewUserServiceClient(c curlew.Caller) UserServiceClient { return userServiceClient{c} }

type userServiceClient struct{ caller curlew.Caller }

var (
	userServiceCreateUser = curlew.Unary[CreateUserRequest, User](UserServiceName+"/CreateUser", nil)
	userServiceGetUser    = curlew.Unary[GetUserRequest, User](UserServiceName+"/GetUser", nil, curlew.NoSideEffects)
	userServiceListUsers  = curlew.Unary[ListUsersRequest, ListUsersResponse](UserServiceName+"/ListUsers", nil, curlew.NoSideEffects)
)

func (c userServiceClient) CreateUser(ctx context.Context, request *CreateUserRequest, opts ...curlew.CallOption) (*User, error) {
	response := new(User)
	if err := c.caller.Invoke(ctx, userServiceCreateUser, request, response, opts...); err != nil {
		return nil, err
	}
	return response, nil
}

func (c userServiceClient) GetUser(ctx context.Context, request *GetUserRequest, opts ...curlew.CallOption) (*User, error) {
	response := new(User)
	if err := c.caller.Invoke(ctx, userServiceGetUser, request, response, opts...); err != nil {
		return nil, err
	}
	return response, nil
}

func (c userServiceClient) ListUsers(ctx context.Context, request *ListUsersRequest, opts ...curlew.CallOption) (*ListUsersResponse, error) {
	response := new(ListUsersResponse)
	if err := c.caller.Invoke(ctx, userServiceListUsers, request, response, opts...); err != nil {
		return nil, err
	}
	return response, nil
}
