module github.com/curlewrpc/curlew

go 1.26.0

require (
	golang.org/x/net v0.60.0
	google.golang.org/protobuf v1.36.12
)
