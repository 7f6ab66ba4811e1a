//! What is written is read back, and nothing that comes from the network panics or takes more
//! memory than it has bytes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
    time::Duration,
};

use commy_core::{
    Bytes, Endpoint, Error, Event, Health, IncomingRequest, InstanceId, Message, MethodName,
    NodeId, ServiceName, ServiceSpec, Status, Topic,
    record::{Incarnation, InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
};
use proptest::{collection::vec, option, prelude::*, sample::Index};

use super::*;

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // The thread may be ending, and its counter be gone.
        let _ = ALLOCATED.try_with(|bytes| bytes.set(bytes.get() + layout.size()));
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Reads bytes as everything that they could be sent as, and checks what that took.
fn read_all(bytes: &[u8]) {
    let before = ALLOCATED.get();
    let _ = Envelope::read(bytes);
    let _ = decode_record(bytes);
    let _ = decode_update(bytes);
    let taken = ALLOCATED.get() - before;
    // Growing vectors and maps allocate anew; an instance of a few bytes takes a few hundred.
    let allowed = 16 * 1024 + bytes.len() * 400;
    assert!(taken <= allowed, "{} bytes took {taken}", bytes.len());
}

fn life() -> impl Strategy<Value = NodeLife> {
    (any::<u128>(), any::<u64>()).prop_map(|(node, incarnation)| NodeLife {
        node: NodeId::from_u128(node),
        incarnation: Incarnation(incarnation),
    })
}

fn message() -> impl Strategy<Value = Message> {
    let headers = proptest::collection::btree_map("[a-z]{1,9}", "[^\\p{Cc}]{0,20}", 0..5);
    let content_type = prop_oneof![
        Just(commy_core::message::JSON.to_owned()),
        Just(commy_core::message::OCTET_STREAM.to_owned()),
        "[a-z]{1,9}/[a-z]{1,9}",
    ];
    (content_type, headers).prop_map(|(content_type, headers)| Message {
        payload: Bytes::new(),
        content_type: content_type.into(),
        headers,
    })
}

fn request() -> impl Strategy<Value = IncomingRequest> {
    let names = ("[a-z][a-z0-9-]{0,9}", "[a-z/]{0,9}");
    (names, message(), any::<(u32, u32)>(), life()).prop_map(
        |((service, method), message, (time_left_us, attempt), caller)| IncomingRequest {
            service: ServiceName::new(&service).expect("a name"),
            method: MethodName::new(&method).expect("a name"),
            message,
            time_left: Duration::from_micros(time_left_us.into()),
            caller: caller.node,
            attempt,
        },
    )
}

fn error() -> impl Strategy<Value = Error> {
    let status = any::<Index>().prop_map(|index| *index.get(&Status::ALL));
    let texts = vec(option::of(".{0,20}"), 5);
    (status, ".{0,40}", texts, any::<u32>()).prop_map(|(status, reason, mut texts, attempts)| {
        let mut error = Error::new(status, reason).with_attempts(attempts);
        let mut text = || texts.pop().flatten();
        if let Some(service) = text() {
            error = error.with_service(service);
        }
        if let Some(method) = text() {
            error = error.with_method(method);
        }
        if let Some(instance) = text() {
            error = error.with_instance(instance);
        }
        error.with_application(text(), text())
    })
}

fn instance(life: NodeLife, serial: u64) -> impl Strategy<Value = InstanceRecord> {
    let health = prop_oneof![
        Just(Health::Starting),
        Just(Health::Healthy),
        Just(Health::Unhealthy),
        Just(Health::Draining),
    ];
    let texts = (
        "[a-z][a-z0-9.]{0,9}[a-z]",
        vec("[a-z]{1,9}", 0..4),
        proptest::collection::btree_map("[a-z]{1,9}", ".{0,20}", 0..4),
        option::of("[a-z]{1,9}"),
    );
    let numbers = (1..=1000_u32, 1..=65_536_u32, any::<[u8; 3]>());
    (texts, numbers, health, any::<bool>()).prop_filter_map(
        "a name with an empty segment",
        move |((service, tags, metadata, zone), (weight, in_flight, version), health, dialled)| {
            let mut spec = ServiceSpec::new(service)
                .version(format!("{}.{}.{}-rc.1", version[0], version[1], version[2]))
                .weight(weight)
                .max_in_flight(in_flight);
            spec.tags = tags;
            spec.metadata = metadata;
            spec.zone.clone_from(&zone);
            spec.region = zone;
            let spec = spec.check().ok()?;
            let endpoint = Endpoint::new("http://127.0.0.1:8080").expect("an endpoint");
            Some(InstanceRecord {
                id: InstanceId {
                    node: life.node,
                    serial,
                },
                spec: Arc::new(spec),
                endpoint: dialled.then_some(endpoint),
                health,
            })
        },
    )
}

fn node_record() -> impl Strategy<Value = NodeRecord> {
    (life(), any::<u64>(), 0..6_u64).prop_flat_map(|(life, revision, count)| {
        let instances: Vec<_> = (0..count).map(|serial| instance(life, serial)).collect();
        instances.prop_map(move |instances| NodeRecord {
            life,
            revision,
            instances: instances
                .into_iter()
                .map(|instance| (instance.id.serial, instance))
                .collect(),
        })
    })
}

fn record_update() -> impl Strategy<Value = RecordUpdate> {
    (node_record(), any::<u64>(), vec(any::<u64>(), 0..9)).prop_map(|(record, since, removed)| {
        RecordUpdate {
            life: record.life,
            since,
            revision: record.revision,
            put: record.instances.into_values().collect(),
            removed,
        }
    })
}

/// Something valid, as bytes.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (request(), life(), any::<(u64, u64)>())
            .prop_map(|(asked, from, (id, to))| super::request(RequestId(id), from, to, &asked)),
        (message(), any::<u64>()).prop_map(|(reply, id)| replied(RequestId(id), &reply)),
        (error(), any::<u64>()).prop_map(|(error, id)| failed(RequestId(id), &error)),
        (life(), any::<u64>()).prop_map(|(from, id)| cancel(RequestId(id), from)),
        (life(), any::<bool>()).prop_map(|(from, is_settled)| goodbye(from, is_settled)),
        node_record().prop_map(|record| encode_record(&record)),
        record_update().prop_map(|update| encode_update(&update)),
    ]
}

/// One way in which bytes are damaged on purpose.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Insert(Index, u8),
    Cut(Index),
    Double(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<(Index, u8)>().prop_map(|(at, byte)| Damage::Set(at, byte)),
        // Beginnings of long strings, arrays and maps, which promise what does not follow.
        (
            any::<Index>(),
            prop_oneof![Just(0x5b), Just(0x7b), Just(0x9b), Just(0xbb), Just(0xff)]
        )
            .prop_map(|(at, byte)| Damage::Set(at, byte)),
        any::<(Index, u8)>().prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::Cut),
        any::<Index>().prop_map(Damage::Double),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match damage {
            Damage::Set(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Double(at) => bytes.extend_from_within(at.index(length)..),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn arbitrary_bytes_neither_panic_nor_take_much(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn damaged_messages_neither_panic_nor_take_much(
        bytes in valid(),
        damages in vec(damage(), 1..6),
    ) {
        read_all(&damaged(bytes, &damages));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_request_is_read_as_it_was_written(
        asked in request(),
        sender in life(),
        number in any::<u64>(),
        serial in any::<u64>(),
    ) {
        let bytes = super::request(RequestId(number), sender, serial, &asked);
        let read = Envelope::read(&bytes).expect("a request");
        let Envelope::Request { id, from, to, attempt, time_left, service, method, content } = read
        else {
            panic!("not a request: {read:?}");
        };
        let message = content.with_payload(Bytes::new(), 1).expect("valid");
        let read = IncomingRequest {
            service,
            method,
            message,
            time_left,
            caller: asked.caller,
            attempt,
        };
        prop_assert_eq!((id, from, to, read), (RequestId(number), sender, serial, asked));
    }

    #[test]
    fn replies_are_read_as_they_were_written(reply in message(), error in error()) {
        let id = RequestId(3);
        let read = Envelope::read(&replied(id, &reply)).expect("a reply");
        let Envelope::Reply { answer: Answer::Replied(content), .. } = read else {
            panic!("not a reply: {read:?}");
        };
        prop_assert_eq!(content.with_payload(Bytes::new(), 1).expect("valid"), reply);
        prop_assert_eq!(
            Envelope::read(&failed(id, &error)).expect("a failure"),
            Envelope::Reply { id, answer: Answer::Failed(error.clone()) }
        );
        prop_assert_eq!(
            Envelope::read(&refused(id, &error)).expect("a refusal"),
            Envelope::Reply { id, answer: Answer::Refused(error) }
        );
    }

    #[test]
    fn records_and_updates_are_read_as_they_were_written(
        record in node_record(),
        update in record_update(),
    ) {
        prop_assert_eq!(decode_record(&encode_record(&record)).expect("a record"), record);
        prop_assert_eq!(decode_update(&encode_update(&update)).expect("an update"), update);
    }
}

#[test]
fn the_small_envelopes_are_read_as_they_were_written() {
    let from = NodeLife {
        node: NodeId::from_u128(7),
        incarnation: Incarnation(2),
    };
    let id = RequestId(9);
    let read = |bytes: Vec<u8>| Envelope::read(&bytes).expect("an envelope");
    assert_eq!(read(cancel(id, from)), Envelope::Cancel { id, from });
    assert_eq!(read(fetch(from)), Envelope::Fetch { from });
    assert_eq!(read(super::record()), Envelope::Record);
    assert_eq!(read(update()), Envelope::Update);
    for is_settled in [true, false] {
        let expected = Envelope::Goodbye { from, is_settled };
        assert_eq!(read(goodbye(from, is_settled)), expected);
    }
    assert_eq!(read(goodbye_heard(from)), Envelope::GoodbyeHeard { from });
    let published = Event {
        topic: Topic::new("a/b").expect("a topic"),
        message: Message::default(),
        publisher: from.node,
        sequence: 11,
    };
    match read(event(from, 5, &published)) {
        Envelope::Event {
            sequence, position, ..
        } => assert_eq!((sequence, position), (11, 5)),
        other => panic!("not an event: {other:?}"),
    }
}

#[test]
fn a_request_of_another_version_can_be_refused_by_its_number() {
    let from = NodeLife {
        node: NodeId::from_u128(7),
        incarnation: Incarnation(2),
    };
    let bytes = written(16, |sink| {
        sink.array(9)?.u32(2)?.u16(1)?.u64(42)?;
        write_life(sink, from)
    });
    match Envelope::read(&bytes) {
        Err(Malformed::Version {
            version: 2,
            request: Some((RequestId(42), asker)),
        }) => assert_eq!(asker, from),
        other => panic!("not another version: {other:?}"),
    }
}

#[test]
fn a_promise_of_many_items_takes_no_memory() {
    // An array, a map and a string of 2^63 items, in each place where one may be.
    for promise in [0x9b_u8, 0xbb, 0x5b, 0x7b] {
        for kind in 1..=9 {
            let mut bytes = vec![0x8a, 0x01, kind];
            for _ in 0..8 {
                let mut promising = bytes.clone();
                promising.push(promise);
                promising.extend_from_slice(&[0x7f; 8]);
                read_all(&promising);
                bytes.push(0x01);
            }
        }
    }
}

#[test]
fn what_is_too_large_is_refused_unread() {
    let bytes = vec![0; ENVELOPE_BYTES_MAX + 1];
    assert!(matches!(
        Envelope::read(&bytes),
        Err(Malformed::TooLong { .. })
    ));
}

#[test]
fn an_instance_that_breaks_a_rule_spoils_the_record() {
    let life = NodeLife {
        node: NodeId::from_u128(7),
        incarnation: Incarnation(2),
    };
    let record = |service: &str| {
        written(64, |sink| {
            sink.array(4)?;
            write_life(sink, life)?;
            sink.u64(1)?.array(1)?.array(11)?.u64(1)?.u8(1)?.null()?;
            sink.str(service)?
                .str("1.0.0")?
                .array(0)?
                .map(0)?
                .u32(100)?;
            sink.null()?.null()?.u32(10)?;
            Ok(())
        })
    };
    let read = decode_record(&record("orders")).expect("a record");
    assert_eq!(read.instances.len(), 1);
    assert_eq!(read.instances.keys().copied().collect::<Vec<_>>(), [1]);
    let error = decode_record(&record("no such/name")).expect_err("a bad name");
    assert!(error.to_string().contains("no such/name"), "{error}");
}
