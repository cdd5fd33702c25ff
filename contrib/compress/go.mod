module github.com/curlewrpc/curlew/contrib/compress

go 1.26.0

require (
	github.com/curlewrpc/curlew v0.0.0
	github.com/klauspost/compress v1.20.1
)

replace github.com/curlewrpc/curlew => ../../
