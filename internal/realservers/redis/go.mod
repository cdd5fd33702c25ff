module github.com/curlewrpc/curlew/internal/realservers/redis

go 1.26.0

require (
	github.com/curlewrpc/curlew v0.0.0
	github.com/curlewrpc/curlew/contrib/redis v0.0.0
	github.com/curlewrpc/curlew/internal/realservers v0.0.0
	github.com/redis/go-redis/v9 v9.23.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

replace (
	github.com/curlewrpc/curlew => ../../..
	github.com/curlewrpc/curlew/contrib/redis => ../../../contrib/redis
	github.com/curlewrpc/curlew/internal/realservers => ..
)
