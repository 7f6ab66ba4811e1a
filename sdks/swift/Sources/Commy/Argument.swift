// Swift's values as the interface carries them, or why they cannot be. The rules of the mesh itself,
// such as how a name is spelled, are the library's.

/// A time in whole milliseconds, rounded up, so that none but zero becomes zero.
func milliseconds(_ what: String, _ time: Duration) throws -> UInt64 {
    let (seconds, attoseconds) = time.components
    let perMillisecond: Int64 = 1_000_000_000_000_000
    guard time >= .zero else {
        throw CommyError.invalidArgument("\(what) must be at least zero, not \(time)")
    }
    let (whole, isTooLong) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
    guard !isTooLong else {
        throw CommyError.invalidArgument("\(what) of \(time) is more milliseconds than 64 bits can count")
    }
    let rest = UInt64((attoseconds + perMillisecond - 1) / perMillisecond)
    return whole.addingReportingOverflow(rest).overflow ? .max : whole + rest
}

/// A whole number that the interface's unsigned integer can hold.
func whole<Number: FixedWidthInteger & UnsignedInteger>(_ what: String, _ value: Int) throws -> Number {
    guard let number = Number(exactly: value) else {
        throw CommyError.invalidArgument("\(what) must be from 0 to \(Number.max), not \(value)")
    }
    return number
}

/// A time that the library counted in milliseconds.
func duration(milliseconds: UInt64) -> Duration {
    .milliseconds(Int64(clamping: milliseconds))
}
