//! How a node's record and its changes travel. What was registered is checked again as if a user
//! had registered it here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commy_core::{
    Endpoint, Health, InstanceId, ServiceSpec,
    record::{InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
};
use minicbor::{Decoder, decode};

use super::{
    Malformed, RECORD_BYTES_MAX, Read, Sink, Written, array, definite, read_life, read_optional,
    skip, write_life, write_optional, written,
};

/// Room for an instance with some tags and metadata.
const INSTANCE_BYTES_USUAL: usize = 128;

const RECORD_ITEMS: u64 = 4;
const UPDATE_ITEMS: u64 = 6;
const INSTANCE_ITEMS: u64 = 11;

pub(crate) fn encode_record(record: &NodeRecord) -> Vec<u8> {
    written(64 + record.instances.len() * INSTANCE_BYTES_USUAL, |sink| {
        sink.array(RECORD_ITEMS)?;
        write_life(sink, record.life)?;
        sink.u64(record.revision)?
            .array(record.instances.len() as u64)?;
        record
            .instances
            .values()
            .try_for_each(|instance| write_instance(sink, instance))
    })
}

pub(crate) fn encode_update(update: &RecordUpdate) -> Vec<u8> {
    written(64 + update.put.len() * INSTANCE_BYTES_USUAL, |sink| {
        sink.array(UPDATE_ITEMS)?;
        write_life(sink, update.life)?;
        sink.u64(update.since)?
            .u64(update.revision)?
            .array(update.put.len() as u64)?;
        for instance in &update.put {
            write_instance(sink, instance)?;
        }
        sink.array(update.removed.len() as u64)?;
        for serial in &update.removed {
            sink.u64(*serial)?;
        }
        Ok(())
    })
}

pub(crate) fn decode_record(bytes: &[u8]) -> Read<NodeRecord> {
    let mut decoder = bounded(bytes)?;
    array(&mut decoder, RECORD_ITEMS)?;
    let life = read_life(&mut decoder)?;
    let revision = decoder.u64()?;
    let mut instances = BTreeMap::new();
    let length = decoder.array()?;
    for _ in 0..definite(length, &decoder)? {
        let instance = read_instance(&mut decoder, life)?;
        instances.insert(instance.id.serial, instance);
    }
    Ok(NodeRecord {
        life,
        revision,
        instances,
    })
}

pub(crate) fn decode_update(bytes: &[u8]) -> Read<RecordUpdate> {
    let mut decoder = bounded(bytes)?;
    array(&mut decoder, UPDATE_ITEMS)?;
    let life = read_life(&mut decoder)?;
    let since = decoder.u64()?;
    let revision = decoder.u64()?;
    let mut put = Vec::new();
    let length = decoder.array()?;
    for _ in 0..definite(length, &decoder)? {
        put.push(read_instance(&mut decoder, life)?);
    }
    let mut removed = Vec::new();
    let length = decoder.array()?;
    for _ in 0..definite(length, &decoder)? {
        removed.push(decoder.u64()?);
    }
    Ok(RecordUpdate {
        life,
        since,
        revision,
        put,
        removed,
    })
}

fn bounded(bytes: &[u8]) -> Read<Decoder<'_>> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(Malformed::TooLong {
            bytes: bytes.len(),
            bytes_max: RECORD_BYTES_MAX,
        });
    }
    Ok(Decoder::new(bytes))
}

fn write_instance(sink: &mut Sink, instance: &InstanceRecord) -> Written {
    let InstanceRecord {
        id,
        spec,
        endpoint,
        health,
    } = instance;
    sink.array(INSTANCE_ITEMS)?
        .u64(id.serial)?
        .u8(match health {
            Health::Starting => 0,
            Health::Healthy => 1,
            Health::Unhealthy => 2,
            Health::Draining => 3,
        })?;
    write_optional(sink, endpoint.as_ref().map(Endpoint::as_str))?;
    sink.str(spec.service.as_str())?
        .str(&spec.version.to_string())?
        .array(spec.tags.len() as u64)?;
    for tag in &spec.tags {
        sink.str(tag.as_str())?;
    }
    sink.map(spec.metadata.len() as u64)?;
    for (key, value) in &spec.metadata {
        sink.str(key.as_str())?.str(value)?;
    }
    sink.u32(spec.weight)?;
    write_optional(sink, spec.zone.as_ref().map(|zone| zone.as_str()))?;
    write_optional(sink, spec.region.as_ref().map(|region| region.as_str()))?;
    sink.u32(spec.max_in_flight)?;
    Ok(())
}

fn read_instance(decoder: &mut Decoder<'_>, life: NodeLife) -> Read<InstanceRecord> {
    let length = array(decoder, INSTANCE_ITEMS)?;
    let serial = decoder.u64()?;
    let health = match decoder.u8()? {
        0 => Health::Starting,
        1 => Health::Healthy,
        2 => Health::Unhealthy,
        3 => Health::Draining,
        unknown => {
            return Err(decode::Error::message(format!(
                "health is a number from 0 to 3, not {unknown}"
            ))
            .into());
        }
    };
    let endpoint = read_optional(decoder)?.map(Endpoint::new).transpose()?;
    let mut spec = ServiceSpec::new(decoder.str()?).version(decoder.str()?);
    let mut tags = BTreeSet::new();
    let items = decoder.array()?;
    for _ in 0..definite(items, decoder)? {
        tags.insert(decoder.str()?.to_owned());
    }
    spec.tags = tags.into_iter().collect();
    let entries = decoder.map()?;
    for _ in 0..definite(entries, decoder)? {
        let key = decoder.str()?;
        spec = spec.metadata(key, decoder.str()?);
    }
    spec = spec.weight(decoder.u32()?);
    spec.zone = read_optional(decoder)?.map(str::to_owned);
    spec.region = read_optional(decoder)?.map(str::to_owned);
    spec = spec.max_in_flight(decoder.u32()?);
    skip(decoder, length - INSTANCE_ITEMS)?;
    Ok(InstanceRecord {
        id: InstanceId {
            node: life.node,
            serial,
        },
        spec: Arc::new(spec.check()?),
        endpoint,
        health,
    })
}
