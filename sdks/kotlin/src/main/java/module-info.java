/** commy: a service mesh that you import. */
module dev.commy {
    requires transitive kotlin.stdlib;
    requires transitive kotlinx.coroutines.core;
    requires transitive kotlinx.serialization.core;
    requires transitive kotlinx.serialization.json;
    requires com.sun.jna;

    exports dev.commy;
    exports dev.commy.future;

    // The raw bindings are nobody's but ours: only JNA looks into them.
    opens dev.commy.ffi to
            com.sun.jna;
}
