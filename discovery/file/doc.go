// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package file finds servers in a file that may be edited while it is watched.
//
//	c, err := client.New("file:///etc/shop.json", client.WithResolver(file.New(file.Config{})))
//
// The target is an absolute path, or one that begins with a dot:
// "file://./shop.json". The file is JSON:
//
//	{
//	  "endpoints": [
//	    {"address": "10.0.0.1:8080", "weight": 3, "zone": "a", "version": "v2", "labels": {"rack": "7"}},
//	    {"address": "unix:///run/shop.sock"}
//	  ]
//	}
//
// All but the address may be left out. Other fields, two endpoints with the same
// address, and files above 16 MiB are errors.
//
// The file may be replaced, as mv does, or written in place; symbolic links are
// followed. It is looked at every second (see [Config.Poll]), and read if its
// time or size has changed, or has been set so lately that it may change again
// unseen. While it cannot be read, or makes no sense, the last endpoints count,
// and an error says why: "file: /etc/shop.json:3:14: weight -1 is negative".
package file
