// The C functions of a Rust future's life, under the names by which the generated code calls them:
// those of this module are found before those of the module that it imports. See Cancellation.swift.
//
// There is one set for each way in which a future's result crosses the interface. A set that is
// missing here is one whose futures no task can cancel; building the package checks that none is.

// The names are C's, not those of lowerCamelCase.
// swift-format-ignore-file

import CCommyFFI

typealias Wake = UniffiRustFutureContinuationCallback
typealias Status = UnsafeMutablePointer<RustCallStatus>

// Results that are nothing.

func ffi_commy_ffi_rust_future_poll_void(_ future: UInt64, _ wake: @escaping Wake, _ data: UInt64) {
    Cancellation.current?.willPoll(future, cancel: { CCommyFFI.ffi_commy_ffi_rust_future_cancel_void($0) })
    CCommyFFI.ffi_commy_ffi_rust_future_poll_void(future, wake, data)
}

func ffi_commy_ffi_rust_future_complete_void(_ future: UInt64, _ status: Status) {
    CCommyFFI.ffi_commy_ffi_rust_future_complete_void(future, status)
    _ = Cancellation.current?.translate(status)
}

func ffi_commy_ffi_rust_future_free_void(_ future: UInt64) {
    release(future) { CCommyFFI.ffi_commy_ffi_rust_future_free_void($0) }
}

// Results that are booleans.

func ffi_commy_ffi_rust_future_poll_i8(_ future: UInt64, _ wake: @escaping Wake, _ data: UInt64) {
    Cancellation.current?.willPoll(future, cancel: { CCommyFFI.ffi_commy_ffi_rust_future_cancel_i8($0) })
    CCommyFFI.ffi_commy_ffi_rust_future_poll_i8(future, wake, data)
}

func ffi_commy_ffi_rust_future_complete_i8(_ future: UInt64, _ status: Status) -> Int8 {
    let result = CCommyFFI.ffi_commy_ffi_rust_future_complete_i8(future, status)
    _ = Cancellation.current?.translate(status)
    return result
}

func ffi_commy_ffi_rust_future_free_i8(_ future: UInt64) {
    release(future) { CCommyFFI.ffi_commy_ffi_rust_future_free_i8($0) }
}

// Results that are objects or numbers.

func ffi_commy_ffi_rust_future_poll_u64(_ future: UInt64, _ wake: @escaping Wake, _ data: UInt64) {
    Cancellation.current?.willPoll(future, cancel: { CCommyFFI.ffi_commy_ffi_rust_future_cancel_u64($0) })
    CCommyFFI.ffi_commy_ffi_rust_future_poll_u64(future, wake, data)
}

func ffi_commy_ffi_rust_future_complete_u64(_ future: UInt64, _ status: Status) -> UInt64 {
    let result = CCommyFFI.ffi_commy_ffi_rust_future_complete_u64(future, status)
    _ = Cancellation.current?.translate(status)
    return result
}

func ffi_commy_ffi_rust_future_free_u64(_ future: UInt64) {
    release(future) { CCommyFFI.ffi_commy_ffi_rust_future_free_u64($0) }
}

// Results that are records, or optional.

func ffi_commy_ffi_rust_future_poll_rust_buffer(_ future: UInt64, _ wake: @escaping Wake, _ data: UInt64) {
    Cancellation.current?.willPoll(future, cancel: { CCommyFFI.ffi_commy_ffi_rust_future_cancel_rust_buffer($0) })
    CCommyFFI.ffi_commy_ffi_rust_future_poll_rust_buffer(future, wake, data)
}

func ffi_commy_ffi_rust_future_complete_rust_buffer(_ future: UInt64, _ status: Status) -> RustBuffer {
    let result = CCommyFFI.ffi_commy_ffi_rust_future_complete_rust_buffer(future, status)
    let isNone = Cancellation.current?.translate(status) ?? false
    return isNone ? none() : result
}

func ffi_commy_ffi_rust_future_free_rust_buffer(_ future: UInt64) {
    release(future) { CCommyFFI.ffi_commy_ffi_rust_future_free_rust_buffer($0) }
}

private func release(_ future: UInt64, _ free: @escaping Cancellation.Function) {
    if let current = Cancellation.current {
        current.free(future, free)
    } else {
        free(future)
    }
}

/// An optional that is absent, as it crosses the interface: its tag and nothing after it.
private func none() -> RustBuffer {
    var status = RustCallStatus()
    let tag: [UInt8] = [0]
    return tag.withUnsafeBufferPointer {
        let bytes = ForeignBytes(len: 1, data: $0.baseAddress)
        return ffi_commy_ffi_rustbuffer_from_bytes(bytes, &status)
    }
}
