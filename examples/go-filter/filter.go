// SPDX-License-Identifier: Apache-2.0

// A filter whose decisions are made in Go. Everything that Go keeps is copied: what a hook is lent ends with the hook.
package main

// #include "module.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

var requests int64

func text(s C.mh_str) string { return C.GoStringN(s.ptr, C.int(s.len)) }

// Lent until the call returns: Go's memory may be handed to C for that long.
func lend(b []byte) C.mh_str {
	return C.mh_str{ptr: (*C.char)(unsafe.Pointer(&b[0])), len: C.size_t(len(b))}
}

//export goOnRequest
func goOnRequest(r *C.mh_req, field C.mh_str) (verdict C.mh_verdict) {
	defer func() { // a panic must not reach C: it would end the process
		if recover() != nil {
			verdict = C.MH_V_FAIL
		}
	}()
	n := atomic.AddInt64(&requests, 1)
	value := fmt.Sprintf("%s %s, request %d of %s", text(C.request_attribute(r, C.MH_ATTR_METHOD)),
		text(C.request_attribute(r, C.MH_ATTR_PATH)), n, runtime.Version())
	if name := []byte(text(field)); C.set_response_header(r, lend(name), lend([]byte(value))) != C.MH_OK {
		return C.MH_V_FAIL
	}
	return C.MH_V_DETACH
}

func main() {} // c-shared wants one
