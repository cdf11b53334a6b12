//! The codec of the generated services: prost, and validation of each request as it is decoded.

use std::marker::PhantomData;

use bytes::{Buf as _, BufMut as _, Bytes};
use prost_protovalidate::ValidationError;
use prost_reflect::{DynamicMessage, Value};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic_prost::{ProstDecoder, ProstEncoder};

use crate::contract::pool;
use crate::error::{self, Violation};

/// A message that can be checked against the `buf.validate` rules of the contract.
pub trait Checked {
    /// Checks the message. Messages that are only ever answers are always right.
    ///
    /// # Errors
    /// Every rule that is broken, with the path of its field.
    fn check(&self) -> Result<(), ValidationError>;
}

include!(concat!(env!("OUT_DIR"), "/check.rs"));

/// Encodes and decodes as [`tonic_prost::ProstCodec`] does, and rejects what breaks a rule.
#[derive(Debug, Clone)]
pub struct CheckedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for CheckedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for CheckedCodec<T, U>
where
    T: prost::Message + Send + 'static,
    U: prost::Message + prost::Name + Default + Checked + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = CheckedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(tonic::codec::BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        CheckedDecoder(ProstDecoder::new(tonic::codec::BufferSettings::default()))
    }
}

/// See [`CheckedCodec`].
#[derive(Debug)]
pub struct CheckedDecoder<U>(ProstDecoder<U>);

impl<U: prost::Message + prost::Name + Default + Checked> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // A NUL on the wire is rare, and nearly always belongs to a number: only then is it worth a closer look.
        let suspicious = src.chunk().len() < src.remaining() || src.chunk().contains(&0);
        // What tonic calls an internal error is the caller's: these bytes are no such message.
        let decoded =
            self.0.decode(src).map_err(|status| error::invalid(&[Violation::new("", "protobuf", status.message())]))?;
        let Some(message) = decoded else {
            return Ok(None);
        };
        validate(&message, suspicious)?;
        Ok(Some(message))
    }
}

/// Checks a message that was not decoded, as one that was.
///
/// # Errors
/// Every rule that is broken, with the path of its field.
pub fn check<U: prost::Message + prost::Name + Checked>(message: &U) -> Result<(), Status> {
    validate(message, message.encode_to_vec().contains(&0))
}

fn validate<U: prost::Message + prost::Name + Checked>(message: &U, suspicious: bool) -> Result<(), Status> {
    if let Err(broken) = message.check() {
        return Err(error::invalid(&error::violations(&broken, message)));
    }
    match suspicious.then(|| nul_field(message)).flatten() {
        Some(field) => Err(error::invalid(&[Violation::new(&field, "nul", "")])),
        None => Ok(()),
    }
}

/// The first text with a NUL character, which no database takes alike and nobody means.
fn nul_field<M: prost::Message + prost::Name>(message: &M) -> Option<String> {
    let descriptor = pool().get_message_by_name(&M::full_name())?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).ok()?;
    nul_within(&dynamic)
}

fn nul_within(message: &DynamicMessage) -> Option<String> {
    message.fields().find_map(|(field, value)| {
        let within = nul_in_value(value)?;
        let dot = if within.is_empty() || within.starts_with('[') { "" } else { "." };
        Some(format!("{}{dot}{within}", field.json_name()))
    })
}

/// The path below a value to a text with a NUL; empty if it is the value itself.
fn nul_in_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Message(message) => nul_within(message),
        Value::List(items) => items.iter().enumerate().find_map(|(i, item)| {
            let within = nul_in_value(item)?;
            let dot = if within.is_empty() { "" } else { "." };
            Some(format!("[{i}]{dot}{within}"))
        }),
        _ => None,
    }
}

/// Leaves messages as the bytes they are, for whoever passes them on or knows their form from the descriptors.
#[derive(Debug, Clone, Copy)]
pub struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

#[cfg(test)]
mod tests {
    use super::nul_field;
    use crate::team::v1::CreateTeamRequest;

    #[test]
    fn a_nul_is_found_wherever_it_hides() {
        let team = |name: &str, skill: &str| CreateTeamRequest {
            name: name.to_owned(),
            skills: vec!["a".to_owned(), skill.to_owned()],
            ..CreateTeamRequest::default()
        };
        for (team, expected) in [
            (team("队", "b"), None),
            (team("队\0", "b"), Some("name".to_owned())),
            (team("队", "b\0"), Some("skills[1]".to_owned())),
        ] {
            assert_eq!(nul_field(&team), expected);
        }
    }
}
