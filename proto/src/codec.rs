//! The codec of the generated services: prost, and validation of each request as it is decoded.

use std::marker::PhantomData;

use prost_protovalidate::ValidationError;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstDecoder, ProstEncoder};

use crate::error;

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
    U: prost::Message + Default + Checked + Send + 'static,
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

impl<U: prost::Message + Default + Checked> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let Some(message) = self.0.decode(src)? else {
            return Ok(None);
        };
        match message.check() {
            Ok(()) => Ok(Some(message)),
            Err(broken) => Err(error::invalid(&error::violations(&broken))),
        }
    }
}
