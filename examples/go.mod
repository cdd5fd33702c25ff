module github.com/curlewrpc/curlew/examples

go 1.26.0

require (
	github.com/curlewrpc/curlew v0.0.0
	google.golang.org/protobuf v1.36.12
)

require golang.org/x/net v0.60.0 // indirect

replace github.com/curlewrpc/curlew => ../
