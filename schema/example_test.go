// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/curlewrpc/curlew/schema"
)

type Status int

func (Status) EnumValues() map[int32]string {
	return map[int32]string{0: "Open", 1: "Paid", 2: "Shipped"}
}

type Purchase struct {
	ID     string `json:"id"`
	Status Status
	Lines  []struct {
		Article  string
		Quantity int
	}
	Placed  time.Time
	Coupon  *string
	Comment string `curlew:"10"`
}

func Example() {
	var compiler schema.Compiler
	purchase, err := compiler.Compile(reflect.TypeFor[Purchase]())
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := purchase.Append(nil, &Purchase{ID: "p1", Status: 1})
	fmt.Printf("% x\n", b)

	var got Purchase
	err = purchase.DecodeJSON([]byte(`{"id":"p2","Status":"Shipped","Lines":[{"Article":"cup","Quantity":2}]}`), &got, schema.JSONOptions{})
	fmt.Println(got.ID, got.Status, got.Lines, err)

	fmt.Print(schema.Format(purchase.Descriptor().ParentFile()))
	// Output:
	// 0a 02 70 31 10 01
	// p2 2 [{cup 2}] <nil>
	// // Derived from Go types.
	//
	// syntax = "proto3";
	//
	// package schema_test;
	//
	// import "google/protobuf/timestamp.proto";
	//
	// message Purchase {
	//   string id = 1;
	//   Status.Enum Status = 2;
	//   repeated Purchase_Lines Lines = 3;
	//   google.protobuf.Timestamp Placed = 4;
	//   optional string Coupon = 5;
	//   string Comment = 10;
	// }
	//
	// message Status {
	//   enum Enum {
	//     Open = 0;
	//     Paid = 1;
	//     Shipped = 2;
	//   }
	// }
	//
	// message Purchase_Lines {
	//   string Article = 1;
	//   int64 Quantity = 2;
	// }
}
