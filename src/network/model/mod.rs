//! Model files (docs/format.md, "Weights"): parsed, proved and named by their hash. Nothing here computes with them.

mod autoencoder;
mod layers;

#[cfg(test)]
pub(crate) use autoencoder::read as read_autoencoder;
pub use autoencoder::{AutoencoderNumbers, BlockNumbers, write_autoencoder};
pub use layers::LayerNumbers;

use crate::error::{Error, Result};
use crate::network::autoencoder::Autoencoder;
use crate::network::engine::Layer;
pub use crate::network::predictor::Sight;
use crate::network::predictor::{HIDDEN_LIMIT, Net, Predictor};
use crate::network::spec::{DECISIONS, DIRECT, INPUT_LIMIT, INPUTS, PRIORS};
use crate::wire::{Reader, put_varint};
use core::fmt;
use layers::{MAX_CHANNELS, layer, priors, put_priors};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of a model file.
const MAGIC: [u8; 8] = *b"\x89DCM\r\n\x1a\n";
/// Version of the layout below.
const VERSION: u16 = 2;
/// Bytes of the hash at the end.
const HASH_BYTES: usize = 8;
/// Most learned kernels, so that no weighted sum of tokens leaves 32 bits.
const MAX_KERNELS: usize = 235;

/// Names a model: the XXH3-64 of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub u64);

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The nets of the predictor and, if there is one, the autoencoder, with their weights.
#[derive(Debug, Clone)]
pub struct Model {
    id: ModelId,
    name: String,
    predictor: Predictor,
    priors: Vec<[u8; DECISIONS]>,
    autoencoder: Option<Autoencoder>,
}

impl Model {
    /// Parses a model file and proves that it can be computed with exactly.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is damaged, of another version, of the wrong shape, or could leave the range of exact sums.
    pub fn parse(bytes: &[u8]) -> Result<Arc<Self>> {
        let refuse = |what: &str| Error::Weights { what: what.to_owned() };
        let (body, hash) = bytes.len().checked_sub(HASH_BYTES).and_then(|at| bytes.split_at_checked(at)).ok_or_else(|| refuse("it is cut short"))?;
        let rest = body.strip_prefix(&MAGIC).ok_or_else(|| refuse("it does not start like a model file"))?;
        let mut reader = Reader::new(rest);
        let short = |_| refuse("it is cut short");
        let version = u16::from_le_bytes([reader.u8().map_err(short)?, reader.u8().map_err(short)?]);
        if version != VERSION {
            return Err(Error::Weights { what: format!("it is of version {version}, this build reads {VERSION}") });
        }
        let id = xxh3_64(body);
        if hash != id.to_le_bytes() {
            return Err(refuse("its hash does not fit its content"));
        }
        let model = Self::body(&mut reader, ModelId(id)).map_err(|error| match error {
            Error::Weights { .. } => error,
            other => Error::Weights { what: other.to_string() },
        })?;
        if reader.rest().is_empty() { Ok(Arc::new(model)) } else { Err(refuse("it is longer than its content")) }
    }

    fn body(reader: &mut Reader, id: ModelId) -> Result<Self> {
        let length = reader.count("the length of the name", 64)?;
        let name = String::from_utf8(reader.take(length)?.to_vec()).map_err(|_| Error::Weights { what: "its name is not text".to_owned() })?;
        let sight = reader.u8()?;
        let sight = Sight::numbered(sight).ok_or_else(|| Error::Weights { what: format!("its sight is of kind {sight}, which does not exist") })?;
        let nets = [net(reader)?, net(reader)?, net(reader)?];
        let priors = priors(reader, PRIORS)?;
        let autoencoder = match reader.count("the number of autoencoders", 1)? {
            0 => None,
            _ => Some(autoencoder::read(reader)?),
        };
        Ok(Self { id, name, predictor: Predictor::new(nets, sight), priors, autoencoder })
    }

    /// What archives call it.
    #[must_use]
    pub const fn id(&self) -> ModelId {
        self.id
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Layers of the predictor for a pass (0 diagonal, 1 horizontal, 2 vertical): first hidden, kernels (unless it has no attention), second hidden,
    /// heads.
    #[doc(hidden)]
    #[must_use]
    pub fn layers(&self, pass: usize) -> Option<(&Layer, Option<&Layer>, &Layer, &Layer)> {
        self.predictor.layers(pass)
    }

    /// How the predictor was trained to look.
    #[must_use]
    pub const fn sight(&self) -> Sight {
        self.predictor.sight()
    }

    pub(crate) const fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    pub(crate) fn priors(&self) -> &[[u8; DECISIONS]] {
        &self.priors
    }

    pub(crate) const fn autoencoder(&self) -> Option<&Autoencoder> {
        self.autoencoder.as_ref()
    }

    /// Whether base layers can be drawn with it.
    #[must_use]
    pub const fn draws(&self) -> bool {
        self.autoencoder.is_some()
    }
}

/// The models at hand, by hash.
#[derive(Debug, Clone, Default)]
pub struct Models(Vec<Arc<Model>>);

impl Models {
    /// Adds a model.
    pub fn add(&mut self, model: Arc<Model>) {
        let Self(models) = self;
        if models.iter().all(|m| m.id != model.id) {
            models.push(model);
        }
    }

    /// Those added, in that order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Model>> {
        let Self(models) = self;
        models.iter()
    }

    /// # Errors
    /// [`Error::ModelUnavailable`] when it is not there.
    pub(crate) fn get(&self, id: ModelId) -> Result<&Model> {
        let Self(models) = self;
        let missing = || {
            let loaded: Vec<String> = models.iter().map(|m| format!("{} {}", m.name, m.id)).collect();
            let loaded = if loaded.is_empty() { "none is loaded".to_owned() } else { loaded.join(", ") };
            Error::ModelUnavailable { model: id.to_string(), looked: format!("the loaded models ({loaded})") }
        };
        models.iter().find(|m| m.id == id).map(Arc::as_ref).ok_or_else(missing)
    }
}

impl Models {
    /// The hash of the model whose lower half that is.
    ///
    /// # Errors
    /// [`Error::ModelUnavailable`] when there is none.
    pub(crate) fn named_by_low_half(&self, half: u32) -> Result<ModelId> {
        let Self(models) = self;
        let found = models.iter().map(|model| model.id).find(|ModelId(id)| *id as u32 == half);
        found.ok_or_else(|| Error::ModelUnavailable { model: format!("the one whose hash ends in {half:08x}"), looked: "the loaded models".to_owned() })
    }
}

impl FromIterator<Arc<Model>> for Models {
    fn from_iter<I: IntoIterator<Item = Arc<Model>>>(models: I) -> Self {
        let mut all = Self::default();
        models.into_iter().for_each(|m| all.add(m));
        all
    }
}

/// The net of one pass.
fn net(reader: &mut Reader) -> Result<Net> {
    let inputs = reader.count("the number of inputs", INPUTS)?;
    if inputs != INPUTS {
        return Err(Error::Weights { what: format!("a net takes {inputs} inputs where this build gives {INPUTS}") });
    }
    let first = reader.count("the size of the first layer", MAX_CHANNELS)?;
    let second = reader.count("the size of the second layer", MAX_CHANNELS)?;
    let kernels = reader.count("the number of kernels", MAX_KERNELS)?;
    let tokens = if kernels > 0 { DIRECT + kernels } else { 0 };
    Ok(Net {
        hidden: layer(reader, inputs, first, INPUT_LIMIT)?,
        kernels: if kernels > 0 { Some(layer(reader, inputs, kernels, INPUT_LIMIT)?) } else { None },
        second: layer(reader, first, second, HIDDEN_LIMIT)?,
        heads: layer(reader, second, tokens + 2, HIDDEN_LIMIT)?,
    })
}

/// Numbers of the net of one pass.
#[derive(Debug, Clone)]
pub struct NetNumbers<'a> {
    /// Outputs of the first and second layer, learned kernels.
    pub sizes: [usize; 3],
    /// First hidden layer, kernels (none without attention), second hidden layer, heads.
    pub layers: Vec<LayerNumbers<'a>>,
}

/// The file of a model; `autoencoder` as [`write_autoencoder`] makes it.
#[must_use]
pub fn write(name: &str, sight: Sight, nets: &[NetNumbers; 3], priors: &[[u8; DECISIONS]], autoencoder: Option<&[u8]>) -> Vec<u8> {
    let mut out = start(name);
    out.push(sight.number());
    for net in nets {
        put_varint(&mut out, INPUTS as u64);
        net.sizes.iter().for_each(|s| put_varint(&mut out, *s as u64));
        net.layers.iter().for_each(|layer| layer.write(&mut out));
    }
    put_priors(&mut out, priors);
    end(&mut out, autoencoder);
    out
}

/// The file of the same predictor under another name, with another autoencoder or without.
///
/// # Errors
/// As [`Model::parse`].
pub fn with_autoencoder(file: &[u8], name: &str, autoencoder: Option<&[u8]>) -> Result<Vec<u8>> {
    Model::parse(file)?;
    let mut reader = Reader::new(file.get(MAGIC.len() + 2..).unwrap_or_default());
    let length = reader.count("the length of the name", 64)?;
    reader.take(length)?;
    let whole = reader.rest();
    reader.u8()?;
    for _ in 0..3 {
        net(&mut reader)?;
    }
    priors(&mut reader, PRIORS)?;
    let mut out = start(name);
    out.extend(whole.get(..whole.len() - reader.rest().len()).unwrap_or_default());
    end(&mut out, autoencoder);
    Ok(out)
}

/// What comes before the predictor.
fn start(name: &str) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(VERSION.to_le_bytes());
    put_varint(&mut out, name.len() as u64);
    out.extend(name.as_bytes());
    out
}

/// What follows the predictor.
fn end(out: &mut Vec<u8>, autoencoder: Option<&[u8]>) {
    put_varint(out, autoencoder.is_some().into());
    out.extend(autoencoder.unwrap_or_default());
    let hash = xxh3_64(out);
    out.extend(hash.to_le_bytes());
}
