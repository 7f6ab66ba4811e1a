//! What a peer serves: values and bytes come back, one method fails, and one holds its caller.

use commy::{Bytes, Context, Failure, Service, ServiceSpec};
use serde_json::{Value, json};

use crate::say;

pub(crate) fn all(spec: ServiceSpec) -> Service {
    Service::new(spec)
        .method("echo", |value: Value, _| async move { Ok(value) })
        .bytes("bytes", |bytes: Bytes, _| async move { Ok(bytes) })
        .method("fail", |_: Value, _| async move {
            Err::<(), _>(Failure {
                details_json: Some(r#"{"left":0,"of":["tea"]}"#.into()),
                ..Failure::new("OUT_OF_STOCK", "none of tea left")
            })
        })
        .method("hold", |_: Value, _: Context| async move {
            let _held = Held::begin();
            std::future::pending::<()>().await;
            Ok(())
        })
}

/// Tells when the work that owns it begins, and when it is dropped.
struct Held;

impl Held {
    fn begin() -> Self {
        say(&json!({ "told": "held" }));
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        say(&json!({ "told": "let go" }));
    }
}
