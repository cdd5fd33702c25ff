module github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/internal/torture

go 1.26.0

replace github.com/curlewrpc/curlew => ../../../..

tool google.golang.org/protobuf/cmd/protoc-gen-go

require (
	github.com/bufbuild/protocompile v0.14.1
	github.com/curlewrpc/curlew v0.0.0
	google.golang.org/protobuf v1.36.12
)

require golang.org/x/sync v0.8.0 // indirect
