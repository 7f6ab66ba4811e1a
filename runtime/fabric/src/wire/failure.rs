//! How an error travels.

use commy_core::{Error, ErrorContext, Status};
use minicbor::Decoder;

use super::{Read, Sink, Written, array, read_optional, skip, write_optional};

const ITEMS: u64 = 8;

pub(super) fn write(sink: &mut Sink, error: &Error) -> Written {
    let ErrorContext {
        service,
        method,
        instance_id,
        attempts,
        code,
        details_json,
    } = error.context();
    sink.array(ITEMS)?
        .u16(error.status().code())?
        .str(error.reason())?;
    write_optional(sink, service.as_deref())?;
    write_optional(sink, method.as_deref())?;
    write_optional(sink, instance_id.as_deref())?;
    sink.u32(*attempts)?;
    write_optional(sink, code.as_deref())?;
    write_optional(sink, details_json.as_deref())
}

pub(super) fn read(decoder: &mut Decoder<'_>) -> Read<Error> {
    let length = array(decoder, ITEMS)?;
    let code = decoder.u16()?;
    let reason = decoder.str()?;
    let mut error = match Status::from_code(code) {
        Some(status) => Error::new(status, reason),
        // A status that came after this version: what it means is not known here, that it is a
        // failure is.
        None => Error::new(Status::Internal, format!("{reason} (status {code})")),
    };
    if let Some(service) = read_optional(decoder)? {
        error = error.with_service(service);
    }
    if let Some(method) = read_optional(decoder)? {
        error = error.with_method(method);
    }
    if let Some(instance_id) = read_optional(decoder)? {
        error = error.with_instance(instance_id);
    }
    error = error.with_attempts(decoder.u32()?);
    let code = read_optional(decoder)?.map(str::to_owned);
    let details_json = read_optional(decoder)?.map(str::to_owned);
    skip(decoder, length - ITEMS)?;
    Ok(error.with_application(code, details_json))
}
