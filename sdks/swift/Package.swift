// swift-tools-version: 6.0
//
// Three targets: the C interface of the native library, the raw bindings that are generated from
// the UDL, and `Commy`, the one that is imported.

import Foundation
import PackageDescription

#if os(Linux)
let system = "linux"
#else
let system = "macos"
#endif
#if arch(arm64)
let architecture = "aarch64"
#else
let architecture = "x86_64"
#endif

/// A file or folder of this package, if it is there.
func find(_ path: String) -> String? {
    let full = "\(Context.packageDirectory)/\(path)"
    return FileManager.default.fileExists(atPath: full) ? full : nil
}

/// For Apple systems, a framework may carry the header and a library for each of them.
let framework = "CCommyFFI.xcframework"
let interface: Target =
    find(framework) == nil
    ? .systemLibrary(name: "CCommyFFI", path: "Sources/CCommyFFI")
    : .binaryTarget(name: "CCommyFFI", path: framework)

/// Where the package carries a static library for this machine. Without one, the linker looks for
/// an installed `libcommy_ffi`.
let library = find("native/\(system)-\(architecture)")
let search = library.map { [LinkerSetting.unsafeFlags(["-L\($0)"])] } ?? []

let package = Package(
    name: "Commy",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [.library(name: "Commy", targets: ["Commy"])],
    targets: [
        interface,
        .target(
            name: "CommyFFI",
            dependencies: ["CCommyFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: search
        ),
        .target(name: "Commy", dependencies: ["CommyFFI"]),
        .testTarget(
            name: "CommyTests",
            dependencies: ["Commy", "CommyFFI", "OutsideServer", "peer"],
            path: "tests",
            exclude: ["peer"]
        ),
        .executableTarget(name: "peer", dependencies: ["Commy"], path: "tests/peer"),
        .executableTarget(name: "tour", dependencies: ["Commy"], path: "samples/tour"),
        .executableTarget(name: "shop", dependencies: ["Commy", "OutsideServer"], path: "samples/shop"),
        .executableTarget(name: "interop-peer", dependencies: ["Commy"], path: "samples/peer"),
        .target(name: "OutsideServer", path: "samples/server"),
    ],
    swiftLanguageModes: [.v6]
)
