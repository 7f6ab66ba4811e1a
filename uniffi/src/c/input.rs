//! Reading what C hands over: every pointer is looked at for NULL, every length and text for its
//! bound, every text for UTF-8, every enum and bool for being one of its values.

use std::{
    collections::HashMap,
    ffi::c_char,
    mem::{MaybeUninit, size_of},
    slice,
};

use commy::Status;

use super::{
    error::{invalid, problem},
    message::{CommyMessage, CommyPair},
};
use crate::{error::CommyError, message::Message, payload::Payload};

type Result<T> = std::result::Result<T, CommyError>;

/// The longest text, in bytes; no rule of commy's allows one that is longer.
const TEXT_MAX: usize = 1 << 20;
/// The longest list; no rule of commy's allows one that is longer.
const ITEMS_MAX: usize = 1024;
/// The largest payload, in bytes, of any mesh.
const PAYLOAD_MAX: usize = 1 << 30;

/// A structure that tells its size first, so that later ones can be told from it.
///
/// # Safety
/// The structure is `repr(C)`, begins with a `usize`, and holds no bytes that could be invalid.
pub(crate) unsafe trait Measured {
    const NAME: &'static str;
}

/// Declares structures that tell their size.
macro_rules! sized {
    ($($type:ident),+) => {
        // SAFETY: each is `repr(C)`, begins with its size, and has integers, floats, pointers and
        // `MaybeUninit` only.
        $(unsafe impl $crate::c::input::Measured for $type {
            const NAME: &'static str = stringify!($type);
        })+
    };
}
pub(crate) use sized;

/// A structure, or none where the pointer is NULL.
pub(crate) unsafe fn structure<'a, T: Measured>(pointer: *const T) -> Result<Option<&'a T>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: C says that there is a structure, which begins with its size.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if size != size_of::<T>() {
        return Err(invalid(format!(
            "the size of a {name} is {size}, and sizeof({name}) is {expected}: it is not set, or the \
             header is not of this library",
            name = T::NAME,
            expected = size_of::<T>(),
        )));
    }
    if !pointer.is_aligned() {
        return Err(invalid(format!("the {} is not aligned", T::NAME)));
    }
    // SAFETY: it is as large as it must be, and any bytes of it are valid.
    Ok(Some(unsafe { &*pointer }))
}

/// A structure that must be there.
pub(crate) unsafe fn required<'a, T: Measured>(pointer: *const T) -> Result<&'a T> {
    // SAFETY: as the caller's.
    unsafe { structure(pointer) }?.ok_or_else(|| invalid(format!("the {} is NULL", T::NAME)))
}

/// Where a result goes.
pub(crate) unsafe fn place<'a, T>(what: &str, pointer: *mut T) -> Result<&'a mut T> {
    if pointer.is_null() {
        return Err(invalid(format!("the pointer for the {what} is NULL")));
    }
    if !pointer.is_aligned() {
        return Err(invalid(format!(
            "the pointer for the {what} is not aligned"
        )));
    }
    // SAFETY: C says that there is room for a result, and all that results are of is plain.
    Ok(unsafe { &mut *pointer })
}

/// A text that must be there.
pub(crate) unsafe fn text(what: &str, pointer: *const c_char) -> Result<String> {
    // SAFETY: as the caller's.
    unsafe { optional(what, pointer) }?.ok_or_else(|| invalid(format!("the {what} is NULL")))
}

/// A text, or none where the pointer is NULL.
pub(crate) unsafe fn optional(what: &str, pointer: *const c_char) -> Result<Option<String>> {
    if pointer.is_null() {
        return Ok(None);
    }
    let pointer = pointer.cast::<u8>();
    let length = (0..=TEXT_MAX)
        // SAFETY: C says that there is a text, which reaches to its NUL, and none is passed.
        .find(|index| unsafe { *pointer.add(*index) } == 0)
        .ok_or_else(|| invalid(format!("the {what} is longer than {TEXT_MAX} bytes")))?;
    // SAFETY: the bytes were just read.
    let bytes = unsafe { slice::from_raw_parts(pointer, length) };
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(invalid(format!("the {what} is not UTF-8: {error}"))),
    }
}

/// A list of anything.
pub(crate) unsafe fn items<'a, T>(what: &str, pointer: *const T, length: usize) -> Result<&'a [T]> {
    if length == 0 {
        return Ok(&[]);
    }
    if length > ITEMS_MAX {
        return Err(invalid(format!(
            "{length} {what} are given, and at most {ITEMS_MAX} can be"
        )));
    }
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(invalid(format!(
            "{length} {what} are given, and the pointer to them is {}",
            if pointer.is_null() {
                "NULL"
            } else {
                "not aligned"
            }
        )));
    }
    // SAFETY: C says that there are so many.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// A list of texts.
pub(crate) unsafe fn texts(
    what: &str,
    pointer: *const *const c_char,
    length: usize,
) -> Result<Vec<String>> {
    // SAFETY: as the caller's.
    let items = unsafe { items(what, pointer, length) }?;
    let one = |pointer: &*const c_char| unsafe { text(what, *pointer) };
    items.iter().map(one).collect()
}

/// A list of pairs, with every key once.
pub(crate) unsafe fn pairs(
    what: &str,
    pointer: *const CommyPair,
    length: usize,
) -> Result<HashMap<String, String>> {
    let mut map = HashMap::new();
    // SAFETY: as the caller's.
    for pair in unsafe { items(what, pointer, length) }? {
        // SAFETY: as the caller's.
        let (key, value) = unsafe { (text(what, pair.key)?, text(what, pair.value)?) };
        if map.contains_key(&key) {
            return Err(invalid(format!("{key} is given twice in {what}")));
        }
        map.insert(key, value);
    }
    Ok(map)
}

/// A message; an empty one where the pointer is NULL.
pub(crate) unsafe fn message(pointer: *const CommyMessage) -> Result<Message> {
    let empty = CommyMessage::EMPTY;
    let message = if pointer.is_null() {
        &empty
    } else if pointer.is_aligned() {
        // SAFETY: C says that there is a message; it is of pointers and lengths only.
        unsafe { &*pointer }
    } else {
        return Err(invalid("the message is not aligned"));
    };
    let length = message.payload_length;
    if length > PAYLOAD_MAX {
        return Err(problem(
            Status::ResourceExhausted,
            format!("a payload of {length} bytes is larger than {PAYLOAD_MAX}"),
        ));
    }
    if length > 0 && message.payload.is_null() {
        return Err(invalid(format!("a payload of {length} bytes is NULL")));
    }
    let payload = if length == 0 {
        Payload::new()
    } else {
        // SAFETY: C says that there are so many bytes.
        let given = unsafe { slice::from_raw_parts(message.payload.cast::<u8>(), length) };
        Payload::copy_from_slice(given)
    };
    // SAFETY: as the caller's.
    let content_type = unsafe { optional("content type", message.content_type) }?;
    Ok(Message {
        payload,
        content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        // SAFETY: as the caller's.
        headers: unsafe { pairs("headers", message.headers, message.headers_length) }?,
    })
}

/// The number of an enum that C hands over, which may be none of its values.
pub(crate) fn number<T: Copy>(value: &MaybeUninit<T>) -> u32 {
    const { assert!(size_of::<T>() == size_of::<u32>(), "enums of C are ints") };
    // SAFETY: it is as large as a u32, and C initialises what it hands over.
    unsafe { value.as_ptr().cast::<u32>().read() }
}

/// A value of an enum, by the values that it has.
pub(crate) fn one_of<T: Copy, U: Copy>(
    what: &str,
    value: &MaybeUninit<T>,
    values: &[(T, U)],
) -> Result<U> {
    let number = number(value);
    values
        .iter()
        .find(|(known, _)| self::number(&MaybeUninit::new(*known)) == number)
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| invalid(format!("{number} is no {what}")))
}

/// A bool that C hands over, which may be neither.
pub(crate) fn flag(what: &str, value: &MaybeUninit<bool>) -> Result<bool> {
    // SAFETY: C initialises what it hands over, and any byte is a u8.
    match unsafe { value.as_ptr().cast::<u8>().read() } {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(invalid(format!("{what} is {other}, and a bool is 0 or 1"))),
    }
}

/// A number in a field where 0 stands for the default.
pub(crate) fn or<T: Default + PartialEq>(value: T, default: T) -> T {
    if value == T::default() {
        default
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::c::{
        call::CommyCallOptions,
        instance::CommyHealth,
        mesh::{CommyMeshOptions, CommyTlsOptions},
    };

    fn told<T>(result: Result<T>) -> String {
        result.map(|_| ()).unwrap_err().info().reason.clone()
    }

    fn empty_tls() -> CommyTlsOptions {
        CommyTlsOptions {
            size: size_of::<CommyTlsOptions>(),
            ca: ptr::null(),
            certificate: ptr::null(),
            key: ptr::null(),
        }
    }

    #[test]
    fn a_text_is_null_or_whole_utf8_within_its_bound() {
        let long = vec![b'a'; TEXT_MAX + 2];
        // SAFETY: each is NULL or a text, or longer than what is read of it.
        unsafe {
            assert_eq!(optional("zone", ptr::null()).unwrap(), None);
            assert_eq!(told(text("zone", ptr::null())), "the zone is NULL");
            assert_eq!(text("zone", c"\u{e4}".as_ptr()).unwrap(), "\u{e4}");
            assert_eq!(text("zone", c"".as_ptr()).unwrap(), "");
            let cut = told(text("zone", c"eu\xc3".as_ptr()));
            assert!(cut.starts_with("the zone is not UTF-8: "), "{cut}");
            let reason = told(text("zone", long.as_ptr().cast()));
            assert_eq!(reason, "the zone is longer than 1048576 bytes");
        }
    }

    #[test]
    fn a_structure_tells_its_size() {
        let tls = empty_tls();
        let small = CommyTlsOptions { size: 8, ..tls };
        // SAFETY: each is NULL or a structure.
        unsafe {
            assert!(structure(&raw const tls).unwrap().is_some());
            assert!(structure::<CommyTlsOptions>(ptr::null()).unwrap().is_none());
            let missing = told(required::<CommyMeshOptions>(ptr::null()));
            assert_eq!(missing, "the CommyMeshOptions is NULL");
            let reason = told(structure(&raw const small));
            assert!(
                reason.contains("is 8, and sizeof(CommyTlsOptions) is 32"),
                "{reason}"
            );
        }
    }

    #[test]
    fn what_is_not_aligned_is_refused_unread() {
        let mut bytes = [0_u8; size_of::<CommyTlsOptions>() + 1];
        let begin = bytes.as_mut_ptr();
        // SAFETY: as many bytes are there; what is not aligned is read as bytes only.
        unsafe {
            let odd = begin.add(usize::from(begin.cast::<usize>().is_aligned()));
            odd.cast::<usize>()
                .write_unaligned(size_of::<CommyTlsOptions>());
            let refused = told(structure(odd.cast::<CommyTlsOptions>()));
            assert_eq!(refused, "the CommyTlsOptions is not aligned");
            let refused = told(place("count", odd.cast::<u64>()));
            assert_eq!(refused, "the pointer for the count is not aligned");
            let refused = told(message(odd.cast::<CommyMessage>()));
            assert_eq!(refused, "the message is not aligned");
            let refused = told(items("tags", odd.cast::<u64>(), 1));
            assert!(refused.ends_with("is not aligned"), "{refused}");
        }
    }

    #[test]
    fn a_list_has_as_many_items_as_it_may() {
        let one = [c"a".as_ptr()];
        let holed = [c"a".as_ptr(), ptr::null()];
        // SAFETY: each list has as many items as are read of it.
        unsafe {
            assert!(texts("tags", ptr::null(), 0).unwrap().is_empty());
            assert_eq!(texts("tags", one.as_ptr(), 1).unwrap(), ["a"]);
            assert_eq!(told(texts("tags", holed.as_ptr(), 2)), "the tags is NULL");
            let reason = told(texts("tags", ptr::null(), 2));
            assert_eq!(reason, "2 tags are given, and the pointer to them is NULL");
            let reason = told(texts("tags", one.as_ptr(), ITEMS_MAX + 1));
            assert_eq!(reason, "1025 tags are given, and at most 1024 can be");
        }
    }

    #[test]
    fn a_key_is_given_once() {
        let pair = |key: &'static std::ffi::CStr| CommyPair {
            key: key.as_ptr(),
            value: c"1".as_ptr(),
        };
        let pairs_of = |list: &[CommyPair]| unsafe { pairs("headers", list.as_ptr(), list.len()) };
        assert_eq!(pairs_of(&[pair(c"a"), pair(c"b")]).unwrap().len(), 2);
        let twice = told(pairs_of(&[pair(c"a"), pair(c"a")]));
        assert_eq!(twice, "a is given twice in headers");
    }

    #[test]
    fn a_payload_has_the_bytes_that_it_says() {
        let message_of = |payload: *const std::ffi::c_void, payload_length| {
            let given = CommyMessage {
                payload,
                payload_length,
                ..CommyMessage::EMPTY
            };
            // SAFETY: it is a message of as many bytes, or refused unread.
            unsafe { message(&raw const given) }
        };
        let empty = message_of(ptr::null(), 0).unwrap();
        assert_eq!(empty.content_type, "application/octet-stream");
        assert_eq!(message_of(c"ab".as_ptr().cast(), 2).unwrap().payload, "ab");
        let missing = told(message_of(ptr::null(), 2));
        assert_eq!(missing, "a payload of 2 bytes is NULL");
        let large = message_of(c"a".as_ptr().cast(), PAYLOAD_MAX + 1).unwrap_err();
        assert_eq!(large.status(), Status::ResourceExhausted);
    }

    #[test]
    fn an_enum_and_a_bool_are_one_of_their_values() {
        let raw = |number: u32| {
            let mut value = MaybeUninit::<CommyHealth>::uninit();
            // SAFETY: it is as large, and never taken for the enum before it is looked at.
            unsafe { value.as_mut_ptr().cast::<u32>().write(number) };
            value
        };
        let health = |value| one_of("health", &value, &[(CommyHealth::Healthy, 'h')]);
        assert_eq!(health(MaybeUninit::new(CommyHealth::Healthy)).unwrap(), 'h');
        assert_eq!(told(health(raw(99))), "99 is no health");
        let mut seven = MaybeUninit::<bool>::uninit();
        // SAFETY: as above.
        unsafe { seven.as_mut_ptr().cast::<u8>().write(7) };
        assert!(flag("idempotent", &MaybeUninit::new(true)).unwrap());
        assert_eq!(
            told(flag("idempotent", &seven)),
            "idempotent is 7, and a bool is 0 or 1"
        );
    }

    #[test]
    fn zeros_alone_are_the_defaults_of_a_call() {
        // SAFETY: a structure of zeros is one that C may hand over.
        let mut options = unsafe { MaybeUninit::<CommyCallOptions>::zeroed().assume_init() };
        options.size = size_of::<CommyCallOptions>();
        // SAFETY: it is a structure.
        let read = unsafe { required(&raw const options) }.unwrap();
        assert!(!flag("idempotent", &read.idempotent).unwrap());
        assert_eq!((or(0, 5), or(7, 5)), (5, 7));
    }
}
